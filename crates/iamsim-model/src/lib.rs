//! The world in memory: accounts, organizations, identities, resources and sessions. [`World`] is edited and
//! refuses what AWS refuses; [`Snapshot`] is asked, and gathers the policies and the context of a request.
//!
//! This crate speaks no text format but that of policies, reads no clock and mints no ids: whoever edits the
//! world brings instants, ids and secrets. It decides nothing: that is `iamsim-eval`.
//!
//! It promises no stable interface yet: use `iamsim`.

mod account;
mod asks;
mod attach;
mod caller;
mod columns;
mod context;
mod derived;
mod document;
mod edit;
mod endpoint;
mod error;
mod facts;
mod id;
mod identity;
mod inventory;
mod lookup;
mod managed;
mod mfa;
mod name;
mod organization;
mod overlay;
mod principal;
mod profile;
mod provider;
mod quota;
mod resource;
mod session;
mod snapshot;
mod table;
mod tag;
mod trust;
mod world;

pub use caller::Caller;
pub use context::{BUILT_IN_ISSUERS, GLOBAL_KEYS, KeyRule, Overrides};
pub use document::{Document, PolicyDocument};
pub use error::{ErrorCode, ModelError};
pub use id::{GroupId, PolicyId, ProfileId, RoleId, UserId};
pub use identity::IdentityId;
pub use mfa::MfaSecret;
pub use organization::{ControlType, OrganizationId, Target, UnitId};
pub use quota::{Quota, UnknownQuota};
pub use session::{Session, SessionOrigin, SessionPrincipal};
pub use snapshot::{CallerIdentity, Question, Snapshot};
pub use tag::{TagCase, Tags, check_tag};
pub use world::World;
