//! The language of service control policies before September 2025.

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Effect, Policy, PolicyKind, Statement};
use crate::source::Span;

/// What a service control policy says that Organizations refused before 19 September 2025: for documents
/// that older tools or an older organization must still understand (PE-TYP-08).
///
/// The findings are warnings; policies of other kinds have none.
///
/// ```
/// use iamsim_policy::{Policy, PolicyKind, classic_service_control};
///
/// let policy = Policy::parse(
///     PolicyKind::ServiceControl,
///     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}"#,
/// )?;
/// assert!(policy.warnings().is_empty());
/// assert_eq!(classic_service_control(&policy).len(), 1);
/// # Ok::<(), iamsim_policy::PolicyError>(())
/// ```
pub fn classic_service_control(policy: &Policy) -> Vec<Diagnostic> {
    if policy.kind() != PolicyKind::ServiceControl {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for statement in policy.statements() {
        of_statement(statement, |span, what| {
            let message = format!("{what} in a service control policy is newer than September 2025");
            findings.push(
                Diagnostic::warning(policy.source(), Code::ClassicServiceControl, span, message)
                    .with_help("today's Organizations takes it; older tools may not"),
            );
        });
    }
    findings.sort_by_key(Diagnostic::span);
    findings
}

fn of_statement(statement: &Statement, mut report: impl FnMut(Span, &str)) {
    let allows = statement.effect() == Effect::Allow;
    let action = statement.action();
    if allows && action.is_negated() {
        report(action.span(), "`NotAction` with `Allow`");
    }
    for pattern in action.patterns() {
        let text = pattern.value.as_str();
        if text.trim_end_matches(['*', '?']).contains(['*', '?']) {
            report(pattern.span, "a wildcard before the end of an action");
        }
    }
    if let Some(resource) = statement.resource() {
        if resource.is_negated() {
            report(resource.span(), "`NotResource`");
        } else if allows {
            for pattern in resource.patterns().iter().filter(|pattern| pattern.value.as_str() != "*") {
                report(pattern.span, "a resource other than `*` with `Allow`");
            }
        }
    }
    if let Some(condition) = statement.conditions().first().filter(|_| allows) {
        report(condition.operator_span(), "a condition with `Allow`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_older_language_refused_is_found() {
        let check = |kind, members: &str, expected: usize| {
            let document = format!(r#"{{"Version": "2012-10-17", "Statement": {{{members}}}}}"#);
            let policy = Policy::parse(kind, document).unwrap();
            assert_eq!(classic_service_control(&policy).len(), expected, "{members}");
        };
        let scp = PolicyKind::ServiceControl;
        // PE-TYP-08
        check(scp, r#""Effect": "Allow", "Action": ["ec2:*", "s3:Get?", "*"], "Resource": "*""#, 0);
        check(
            scp,
            r#""Effect": "Deny", "NotAction": "iam:Get*", "Resource": "arn:aws:s3:::b",
                "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}"#,
            0,
        );
        check(scp, r#""Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::b""#, 2);
        check(scp, r#""Effect": "Deny", "Action": "iam:*User", "NotResource": "*""#, 2);
        check(
            scp,
            r#""Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}"#,
            1,
        );
        check(PolicyKind::Identity, r#""Effect": "Allow", "NotAction": "iam:*", "Resource": "*""#, 0);
    }
}
