//! Reports as text for people, and as the formats that other programs read.
//!
//! Each is a pure function of reports; nothing here knows a terminal or a file.

mod github;
mod json;
mod sarif;
mod text;

pub use github::github;
pub use json::json;
pub use sarif::sarif;
pub use text::{Colour, finding, summary, text};
