//! One binary; a module per subject. Names of tests are sentences, and cite the rules they prove.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't be set up fails")]

mod assume;
mod calls;
mod catalog;
mod console;
mod context;
mod edits;
mod federation;
mod machine;
mod many;
mod organization;
mod principals;
mod quota;
mod reads;
mod recordings;
mod roots;
mod sessions;
mod shared;
mod stories;
mod story;
mod sts;
mod support;
mod traps;
mod trust;
mod what_if;
mod writes;
