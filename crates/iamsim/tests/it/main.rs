//! One binary; a module per subject. Names of tests are sentences, and cite the rules they prove.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't be set up fails")]

mod console;

mod organization;

mod story;

mod support;
