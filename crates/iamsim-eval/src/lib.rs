//! Decides AWS authorization requests: layers of policies and one request in, the decision and exactly why
//! out.
//!
//! This crate knows no accounts, organizations or roles: whoever asks has already found out which policies
//! apply. It does no I/O, has no clock, no randomness and no global state, and it does not fail: what can't
//! be judged makes the answer [`Decision::Undetermined`].
//!
//! [`authorize`] and [`explain`] are two doors to one walk; [`combine`] is the formula behind them.

pub mod combine;

mod condition;
mod context;
mod decide;
mod dependence;
mod display;
mod fixed;
mod hash;
mod index;
mod json;
mod layers;
mod matrix;
mod near_miss;
mod note;
mod plan;
mod principal;
mod program;
mod reason;
mod request;
mod resource;
mod services;
mod statement;
mod text;
mod trace;
mod tracer;
mod truth;
mod undetermined;
mod unknown;
mod value;
mod variable;
mod witness;

pub use condition::ConditionReason;
pub use context::{Context, ContextValue, ReadyKey};
pub use decide::{Decision, authorize};
pub use fixed::FixedRule;
pub use json::EXPLANATION_VERSION;
pub use layers::{Attached, KeyGrant, Layer, Layers, Level, ResourcePolicy, Shared};
pub use matrix::{Matrix, Row};
pub use near_miss::{Change, NearMiss};
pub use note::Note;
pub use principal::{Grade, PrincipalReason};
pub use program::Program;
pub use reason::Reason;
pub use request::{Asked, Asking, Caller, CallerKind, Credentials, InvalidCaller, Request, Resource};
pub use resource::ResourceReason;
pub use trace::{
    ClauseTrace, Explanation, LayerTrace, LevelTrace, PolicyTrace, Residual, StatementRef, StatementTrace,
    deciding, each_deciding, explain,
};
pub use tracer::Standing;
pub use truth::Truth;
pub use unknown::UnknownFact;
