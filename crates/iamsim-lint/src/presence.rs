//! What a condition says of a key that is missing, and whom it keeps out.

use iamsim_policy::{
    Comparison, Condition, ConditionValue, Family, Piece, ResourcePattern, SetQualifier, Statement, Template,
};

/// Keys that every signed request holds (PE-KEY-01, 02, 06, 07, 09, 14, 25 to 28), or every request on a
/// resource but for a handful of actions (PE-KEY-33).
const ALWAYS_PRESENT: &[&str] = &[
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:useragent",
    "aws:userid",
    "aws:viaawsservice",
];

/// Keys that say who calls, from where, or on whose behalf: a condition on one keeps strangers out.
const OF_THE_CALLER: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "aws:vpcsourceip",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "ec2:sourceinstancearn",
    "kms:calleraccount",
    "kms:viaservice",
    "lambda:eventsourcetoken",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// Whether a request always holds the key, given in lower case.
pub(crate) fn is_always_present(key: &str) -> bool {
    ALWAYS_PRESENT.contains(&key)
}

/// Whether a condition can hold only when its key is there (PE-MIS-01 to PE-MIS-06).
pub(crate) fn demands(condition: &Condition) -> bool {
    let operator = condition.operator();
    if condition.values().is_empty() {
        return false;
    }
    if operator.comparison == Comparison::Null {
        let is_false = |text: &str| text.eq_ignore_ascii_case("false");
        return operator.qualifier.is_none()
            && condition.values().iter().all(|value| is_false(value.value.as_str()));
    }
    match operator.qualifier {
        Some(SetQualifier::ForAnyValue) => true,
        Some(SetQualifier::ForAllValues) => false,
        None => !operator.if_exists && !operator.comparison.is_negated(),
    }
}

/// Whether some condition of a statement can hold only when a key is there; keys are given in lower case.
pub(crate) fn demanded(statement: &Statement, key: impl Fn(&str) -> bool) -> bool {
    statement.conditions().iter().any(|condition| key(condition.key().folded()) && demands(condition))
}

/// Whether the presence of a key is settled by the statement: demanded itself, implied by another key's, or
/// needed for a variable without which nothing matches (PE-VAR-07).
pub(crate) fn is_guarded(statement: &Statement, key: &str) -> bool {
    let implied = |other: &str| {
        other == key
            // A request with a tag has tag keys; one with an encryption context has its keys.
            || key == "aws:tagkeys" && other.starts_with("aws:requesttag/")
            || key == "kms:encryptioncontextkeys" && other.starts_with("kms:encryptioncontext:")
    };
    demanded(statement, implied) || names_in_every_resource(statement, key) || compares_with(statement, key)
}

/// Whether each entry of `Resource` holds the key as a variable without a default.
fn names_in_every_resource(statement: &Statement, key: &str) -> bool {
    let Some(clause) = statement.resource().filter(|clause| !clause.is_negated()) else { return false };
    let holds = |pattern: &ResourcePattern| match pattern {
        ResourcePattern::Arn(arn) => has_variable(arn.resource(), key),
        _ => false,
    };
    !clause.patterns().is_empty() && clause.patterns().iter().all(|entry| holds(&entry.value))
}

/// Whether some condition can hold only by a value in which the key stands as a variable without a default.
fn compares_with(statement: &Statement, key: &str) -> bool {
    statement.conditions().iter().any(|condition| {
        let holds =
            |value: &ConditionValue| value.template().is_some_and(|template| has_variable(template, key));
        demands(condition)
            && !condition.operator().comparison.is_negated()
            && condition.values().iter().all(|value| holds(&value.value))
    })
}

fn has_variable(template: &Template, key: &str) -> bool {
    template
        .pieces()
        .iter()
        .any(|piece| matches!(piece, Piece::Variable { key: found, default: None } if found.folded() == key))
}

/// Whether a condition asks for one of the listed values, and they are not all there are.
pub(crate) fn is_selective(condition: &Condition) -> bool {
    let comparison = condition.operator().comparison;
    let family = comparison.family();
    let open = |text: &str| match family {
        Family::String => comparison.has_wildcards() && is_wild(text),
        Family::Arn => {
            // The account and the resource tell strangers apart.
            let mut parts = text.splitn(6, ':').skip(4);
            [parts.next(), parts.next()].into_iter().all(|part| part.is_none_or(is_wild))
        }
        Family::Ip => matches!(text, "0.0.0.0/0" | "::/0"),
        _ => false,
    };
    demands(condition)
        && comparison != Comparison::Null
        && !comparison.is_negated()
        && !condition.values().iter().any(|value| open(value.value.as_str()))
}

/// Nothing, or wildcards only.
pub(crate) fn is_wild(text: &str) -> bool {
    text.chars().all(|character| matches!(character, '*' | '?'))
}

/// Whether a statement keeps strangers out by a condition on who calls, or from where.
pub(crate) fn keeps_strangers_out(statement: &Statement) -> bool {
    statement.conditions().iter().any(|condition| {
        let key = condition.key().folded();
        let of_the_caller = OF_THE_CALLER.contains(&key)
            || key.starts_with("aws:principaltag/")
            || key.starts_with("kms:encryptioncontext:");
        of_the_caller && is_selective(condition)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use iamsim_policy::{Policy, PolicyKind};

    fn policy(condition: &str) -> Policy {
        let document = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                "Condition": {{{condition}}}}}}}"#
        );
        Policy::parse(PolicyKind::Identity, document).unwrap()
    }

    #[test]
    fn a_condition_demands_its_key_as_the_rules_on_missing_keys_say() {
        let check = |condition: &str, expected: bool| {
            let policy = policy(condition);
            assert_eq!(demands(&policy.statements()[0].conditions()[0]), expected, "{condition}");
        };
        check(r#""StringEquals": {"aws:username": "a"}"#, true); // PE-MIS-01
        check(r#""StringNotEquals": {"aws:username": "a"}"#, false); // PE-MIS-02
        check(r#""StringEqualsIfExists": {"aws:username": "a"}"#, false); // PE-MIS-03
        check(r#""Null": {"aws:username": "true"}"#, false); // PE-MIS-04
        check(r#""Null": {"aws:username": "false"}"#, true);
        check(r#""ForAllValues:StringEquals": {"aws:TagKeys": "a"}"#, false); // PE-MIS-05
        check(r#""ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}"#, true); // PE-MIS-06
        check(r#""ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}"#, true);
        check(r#""ForAnyValue:Null": {"aws:TagKeys": "false"}"#, false); // PE-SET-07
    }

    #[test]
    fn a_variable_without_a_default_needs_its_key() {
        let check = |statement: &str, expected: bool| {
            let document = format!(
                r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:*", {statement}}}}}"#
            );
            let policy = Policy::parse(PolicyKind::Identity, document).unwrap();
            assert_eq!(is_guarded(&policy.statements()[0], "aws:principaltag/team"), expected, "{statement}");
        };
        let tag = "${aws:PrincipalTag/team}";
        // PE-VAR-07
        check(&format!(r#""Resource": "arn:aws:s3:::b/{tag}/*""#), true);
        check(&format!(r#""Resource": ["arn:aws:s3:::b/{tag}/*", "arn:aws:s3:::b"]"#), false);
        check(r#""Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*""#, false);
        let with = |operator: &str| {
            format!(r#""Resource": "*", "Condition": {{"{operator}": {{"s3:prefix": "{tag}"}}}}"#)
        };
        check(&with("StringEquals"), true);
        check(&with("StringEqualsIfExists"), false);
        check(&with("StringNotEquals"), false);
    }

    #[test]
    fn strangers_are_kept_out_by_conditions_that_select_callers() {
        let check = |condition: &str, expected: bool| {
            assert_eq!(keeps_strangers_out(&policy(condition).statements()[0]), expected, "{condition}");
        };
        check(r#""StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}"#, true);
        check(r#""StringLike": {"aws:PrincipalOrgID": "o-*"}"#, true);
        check(r#""StringLike": {"aws:PrincipalOrgID": "*"}"#, false);
        check(r#""StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}"#, false);
        check(r#""StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}"#, false);
        check(r#""ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:uploads"}"#, true);
        check(r#""ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}"#, false);
        check(r#""IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}"#, false);
        check(r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#, true);
        check(r#""Bool": {"aws:SecureTransport": "true"}"#, false);
    }
}
