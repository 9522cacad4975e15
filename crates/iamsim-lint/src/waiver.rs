//! Findings that somebody looked at and means so.
//!
//! JSON has no comments, and no element of a policy is free for tools: a `Sid` is a name that other tools and
//! people use, letters and digits only in IAM, and AWS refuses elements it does not know. So a waiver stands in
//! the configuration, beside the policies and under the same review, and names policy, statement, rule and
//! reason. Where a document must carry its own, `Id` can: AWS stores it in policies of most kinds and never looks
//! at it (PE-DOC-12). It has the form
//!
//! ```text
//! iamsim:allow RULE: REASON
//! iamsim:allow RULE@STATEMENT: REASON; iamsim:allow RULE: REASON
//! ```
//!
//! It counts against the size of the policy, and there is one `Id` for all statements.

use iamsim_policy::{Source, Span, quote, wildcard};

use crate::config::{known_code, nearest_code};
use crate::finding::{Finding, Level, StatementName};

/// A configuration that can't be read.
pub(crate) const INVALID_CONFIG: &str = "invalid-config";
/// An inline waiver that can't be read.
pub(crate) const INVALID_WAIVER: &str = "invalid-waiver";
/// A waiver that nothing was found for.
pub(crate) const UNUSED_WAIVER: &str = "unused-waiver";

/// What an inline waiver begins with.
const INLINE: &str = "iamsim:allow";

/// One waiver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiver {
    pub(crate) rule: Option<&'static str>,
    /// A pattern of the policy's name, any if none.
    pub(crate) policy: Option<String>,
    /// A statement's `Sid`, or its number counted from 1; the whole policy if none.
    pub(crate) statement: Option<String>,
    pub(crate) reason: String,
    pub(crate) span: Span,
}

impl Waiver {
    /// Whether it speaks of a policy. The name in the waiver is a pattern of the whole name or of its last
    /// parts: `admins.json` is `policies/admins.json`, not `old-admins.json`.
    pub(crate) fn is_about(&self, policy: &str) -> bool {
        let Some(pattern) = &self.policy else { return true };
        let policy = policy.replace('\\', "/");
        wildcard::matches(pattern, &policy) || wildcard::matches(&format!("*/{pattern}"), &policy)
    }

    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        let same = |name: &StatementName| {
            self.statement.as_deref().is_some_and(|wanted| {
                name.sid.as_deref() == Some(wanted) || wanted.parse() == Ok(name.number)
            })
        };
        self.rule == Some(finding.code())
            && (self.statement.is_none() || finding.statement().is_some_and(same))
    }
}

/// Whether an `Id` is there to carry waivers.
pub(crate) fn is_inline(id: &str) -> bool {
    id.trim_start().starts_with(INLINE)
}

/// The waivers in an `Id`, and what is wrong with them.
pub(crate) fn inline(id: &str, source: &Source, span: Span) -> (Vec<Waiver>, Vec<Finding>) {
    let (mut waivers, mut findings) = (Vec::new(), Vec::new());
    if !is_inline(id) {
        return (waivers, findings);
    }
    // A reason may hold a semicolon; the next waiver begins with its word.
    for part in id.split(INLINE).skip(1) {
        let part = part.trim().trim_end_matches(';').trim_end();
        match one(part, span) {
            Ok(waiver) => waivers.push(waiver),
            Err((message, help)) => {
                let mut finding = Finding::new(INVALID_WAIVER, Level::Warning, source, span, message);
                finding.help_with(help);
                findings.push(finding);
            }
        }
    }
    (waivers, findings)
}

fn one(text: &str, span: Span) -> Result<Waiver, (String, String)> {
    let form = || "the form is `iamsim:allow RULE@STATEMENT: REASON`".to_owned();
    let (target, reason) = text
        .split_once(':')
        .ok_or_else(|| (format!("the waiver {} gives no reason", quote(text)), form()))?;
    let (rule, statement) = match target.trim().split_once('@') {
        Some((rule, statement)) => (rule.trim(), Some(statement.trim().to_owned())),
        None => (target.trim(), None),
    };
    let known = known_code(rule).ok_or_else(|| {
        let help = nearest_code(rule).map_or_else(form, |near| format!("did you mean `{near}`?"));
        (format!("there is no rule {}", quote(rule)), help)
    })?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err((format!("the waiver of `{known}` gives no reason"), form()));
    }
    Ok(Waiver { rule: Some(known), policy: None, statement, reason: reason.to_owned(), span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_names_a_policy_by_its_last_parts() {
        let check = |pattern: &str, policy: &str, expected: bool| {
            let waiver = Waiver { policy: Some(pattern.to_owned()), ..Waiver::default() };
            assert_eq!(waiver.is_about(policy), expected, "{pattern} {policy}");
        };
        check("admins.json", "policies/admins.json", true);
        check("admins.json", "policies\\admins.json", true);
        check("admins.json", "old-admins.json", false);
        check("policies/*", "x/policies/admins.json", true);
        check("dump.json#Admin", "dump.json#Admin", true);
        check("*", "a", true);
    }

    #[test]
    fn an_id_carries_several_waivers() {
        let source = Source::from("{}");
        let id = "iamsim:allow pass-role-any@Deploy: roles are bounded; see the wiki; iamsim:allow admin-access: x";
        let (waivers, findings) = inline(id, &source, Span::default());
        assert!(findings.is_empty());
        let read: Vec<_> = waivers
            .iter()
            .map(|waiver| (waiver.rule, waiver.statement.as_deref(), &*waiver.reason))
            .collect();
        assert_eq!(
            read,
            [
                (Some("pass-role-any"), Some("Deploy"), "roles are bounded; see the wiki"),
                (Some("admin-access"), None, "x")
            ]
        );
        let check = |id: &str, expected: &str| {
            let (waivers, findings) = inline(id, &source, Span::default());
            assert!(waivers.is_empty());
            assert_eq!(findings[0].message(), expected);
        };
        check("iamsim:allow pass-role-any", "the waiver `pass-role-any` gives no reason");
        check("iamsim:allow pass-role-any: ", "the waiver of `pass-role-any` gives no reason");
        check("iamsim:allow pass-role: x", "there is no rule `pass-role`");
        assert!(inline("MyPolicy", &source, Span::default()).0.is_empty());
    }
}
