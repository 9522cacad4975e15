//! One HTML file: no network, no file beside it. What failed and why stands first, as plain markup; the traces
//! are data that the page's own script draws when they are opened, so that a large run stays a small page.
//!
//! The page forbids itself everything but its own script, by the script's hash.

mod page;
mod text;
mod trace;

use crate::Report;

/// The page's script, and its SHA-256 in base64: a browser runs no other.
pub(crate) const SCRIPT: &str = include_str!("../assets/report.js");
const SCRIPT_HASH: &str = "y/d/S5+0qF4dEINPsP6UsDpgO6TXUaWf93eTRMQDT/8=";
const STYLE: &str = include_str!("../assets/report.css");

pub(crate) fn render(report: &Report) -> String {
    page::page(report)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::Digest as _;

    use super::*;

    #[test]
    fn the_hash_is_the_scripts() {
        let digest = sha2::Sha256::digest(SCRIPT.as_bytes());
        let hash = base64::engine::general_purpose::STANDARD.encode(digest);
        assert_eq!(SCRIPT_HASH, hash, "put this hash into html.rs");
    }

    #[test]
    fn nothing_of_ours_ends_its_own_element() {
        assert!(!SCRIPT.contains("</script"));
        assert!(!STYLE.contains("</style"));
        // Nothing is loaded from anywhere.
        for text in [SCRIPT, STYLE] {
            for forbidden in ["http:", "https:", "url(", "@import", "innerHTML", "eval("] {
                assert!(!text.contains(forbidden), "{forbidden}");
            }
        }
    }
}
