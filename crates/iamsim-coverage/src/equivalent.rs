//! Mutants that can't answer any request differently, where that is plain to see.

use iamsim_policy::{ActionPattern, PrincipalPattern, ResourcePattern, Statement, wildcard};

use crate::mutation::Mutation;
use crate::probe::says_the_same;

/// Why a mutant decides every request as the policy does; none when that is not plain.
///
/// The changed statement has the same effect in both, and another statement of the policy, without conditions,
/// covers everything that either of the two covers: whether they match is of no consequence.
pub(crate) fn proof(mutation: &Mutation) -> Option<String> {
    let before = mutation.original().statements();
    let after = mutation.mutant().statements();
    let changed = before.get(mutation.statement())?;
    // A removed statement has no counterpart.
    let counterpart = if after.len() == before.len() { Some(after.get(mutation.statement())?) } else { None };
    if counterpart.is_some_and(|counterpart| counterpart.effect() != changed.effect()) {
        return None;
    }
    let others = before.iter().enumerate().filter(|(index, _)| *index != mutation.statement());
    let (index, _) = others.into_iter().find(|(_, other)| {
        covers(other, changed)
            && counterpart.is_none_or(|counterpart| covers(other, counterpart))
            && after.iter().any(|kept| says_the_same(kept, other))
    })?;
    Some(format!("statement {} covers all of it", index + 1))
}

/// Whether a statement matches every request that another matches, and does the same to it.
fn covers(wide: &Statement, narrow: &Statement) -> bool {
    wide.effect() == narrow.effect()
        && wide.conditions().is_empty()
        && !wide.action().is_negated()
        && !narrow.action().is_negated()
        && narrow.action().patterns().iter().all(|entry| {
            wide.action().patterns().iter().any(|other| covers_action(&other.value, &entry.value))
        })
        && covers_resources(wide, narrow)
        && covers_principals(wide, narrow)
}

fn covers_action(wide: &ActionPattern, narrow: &ActionPattern) -> bool {
    let (wide, narrow) = (wide.as_str().to_ascii_lowercase(), narrow.as_str().to_ascii_lowercase());
    covers_text(&wide, &narrow)
}

fn covers_resources(wide: &Statement, narrow: &Statement) -> bool {
    let (Some(wide), Some(narrow)) = (wide.resource(), narrow.resource()) else {
        return wide.resource().is_none() && narrow.resource().is_none();
    };
    !wide.is_negated()
        && !narrow.is_negated()
        && narrow.patterns().iter().all(|entry| {
            wide.patterns().iter().any(|other| match (&other.value, &entry.value) {
                (ResourcePattern::Any, _) => true,
                (ResourcePattern::Arn(wide), ResourcePattern::Arn(narrow)) => wide == narrow,
                _ => false,
            })
        })
}

fn covers_principals(wide: &Statement, narrow: &Statement) -> bool {
    let (Some(wide), Some(narrow)) = (wide.principal(), narrow.principal()) else {
        return wide.principal().is_none() && narrow.principal().is_none();
    };
    // How directly a principal is named matters beside whether it is, so only the same names count.
    let entries = |clause: &iamsim_policy::PrincipalClause| -> Vec<PrincipalPattern> {
        clause.entries().iter().map(|entry| entry.value.clone()).collect()
    };
    !wide.is_negated() && !narrow.is_negated() && entries(wide) == entries(narrow)
}

/// Whether every text that a pattern matches is matched by another: the same, or one whose wildcards take the
/// other's letters, wildcards included, as they stand.
fn covers_text(wide: &str, narrow: &str) -> bool {
    wide == narrow || (!wide.contains('?') && wildcard::matches(wide, narrow))
}

#[cfg(test)]
mod tests {
    use iamsim_policy::{Policy, PolicyKind};

    use super::*;
    use crate::mutation::{MutationKind, mutations};

    #[test]
    fn what_another_statement_covers_is_of_no_consequence() {
        let text = |condition: &str| {
            format!(
                r#"{{"Version": "2012-10-17", "Statement": [
                    {{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}},
                    {{"Effect": "Allow", "Action": "s3:*", "Resource": "*"{condition}}}]}}"#
            )
        };
        let check = |condition: &str, kind: MutationKind, expected: Option<&str>| {
            let policy = Policy::parse(PolicyKind::Identity, text(condition)).unwrap();
            let found = mutations(&policy).into_iter().find(|made| made.kind() == kind).unwrap();
            assert_eq!(proof(&found).as_deref(), expected, "{condition} {kind}");
        };
        let covered = Some("statement 2 covers all of it");
        check("", MutationKind::StatementRemoved, covered);
        check("", MutationKind::ActionWidened, covered);
        check("", MutationKind::ResourceWidened, covered);
        check("", MutationKind::EffectFlipped, None);
        let guarded = r#", "Condition": {"Bool": {"aws:SecureTransport": "true"}}"#;
        check(guarded, MutationKind::StatementRemoved, None);
    }
}
