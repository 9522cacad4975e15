//! Typed unique ids: AWS's prefixes, never reused (ID-30, ID-33).
//!
//! This crate mints none: whoever edits the world brings them.

use std::fmt;
use std::sync::Arc;

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $prefix:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Arc<str>);

            impl $name {
                /// The prefix of ids of this kind.
                pub const PREFIX: &'static str = $prefix;

                /// An id as it is written, prefix included.
                pub fn new(id: impl Into<Arc<str>>) -> Self {
                    Self(id.into())
                }

                /// The id as it is written.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<&$name> for Arc<str> {
                fn from(id: &$name) -> Self {
                    id.0.clone()
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )+
    };
}

ids! {
    /// A user's id.
    UserId = "AIDA";
    /// A group's id.
    GroupId = "AGPA";
    /// A role's id.
    RoleId = "AROA";
    /// A managed policy's id.
    PolicyId = "ANPA";
    /// An instance profile's id.
    ProfileId = "AIPA";
}
