//! The advice over every managed policy of AWS's: how much is found, and the counts that were taken when the data
//! was chosen.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says why by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

use iamsim_catalog::{BaseType, Catalog, ManagedPolicies};
use iamsim_lint::{Finding, Linter};
use iamsim_policy::{Family, Policy, PolicyKind, Source};

fn advice() -> &'static [Finding] {
    static ADVICE: OnceLock<Vec<Finding>> = OnceLock::new();
    ADVICE.get_or_init(|| {
        let linter = Linter::new();
        let judge = |(policy, document): (iamsim_catalog::ManagedPolicy<'_>, String)| {
            let policy = Policy::parse(PolicyKind::Identity, Source::new(policy.name(), document)).unwrap();
            linter.advise(&policy)
        };
        ManagedPolicies::embedded().documents().flat_map(judge).collect()
    })
}

fn of(code: &str) -> Vec<&'static Finding> {
    advice().iter().filter(|finding| finding.code() == code).collect()
}

fn text(finding: &Finding) -> &str {
    finding.source().text_of(finding.span()).trim_matches('"')
}

/// Read before it is accepted: a number that moves is either better knowledge or a false alarm.
#[test]
fn the_counts_by_rule_are_those_that_were_read() {
    let mut counts: BTreeMap<(&str, &str), (usize, BTreeSet<&str>)> = BTreeMap::new();
    for finding in advice() {
        let count = counts.entry((finding.code(), finding.level().as_str())).or_default();
        count.0 += 1;
        count.1.insert(finding.source().name());
    }
    let mut table = String::new();
    for ((code, level), (findings, policies)) in counts {
        let _ =
            writeln!(table, "{code:<30} {level:<8} {findings:>5} findings in {:>4} policies", policies.len());
    }
    insta::assert_snapshot!(table);
}

#[test]
fn aws_names_117_times_an_action_that_its_reference_does_not_know() {
    let found = of("unknown-action");
    let distinct: BTreeSet<_> = found.iter().map(|finding| text(finding).to_ascii_lowercase()).collect();
    assert_eq!((found.len(), distinct.len()), (117, 108));
}

#[test]
fn twenty_one_patterns_of_aws_match_nothing() {
    let distinct: BTreeSet<_> =
        of("empty-action-pattern").iter().map(|finding| text(finding).to_ascii_lowercase()).collect();
    assert_eq!(distinct.len(), 21);
}

/// 99 in all: text on ARNs 40, ARNs on text 50, text on Booleans 2, a list without a set operator 3, a single
/// value with one 4. Of the 50 none is reported: each is on a tag or an entry of an encryption context, whose name
/// and content the user chooses, and compares it with ARNs.
#[test]
fn aws_uses_99_times_an_operator_of_another_type_or_number() {
    let about = |start: &str| {
        of("arn-operator")
            .into_iter()
            .filter(|finding| finding.related().any(|(_, said)| said == start))
            .count()
    };
    assert_eq!((about("of type ARN"), about("of type String")), (40, 0));
    let (mut uses, mut meant) = (0, 0);
    for (policy, document) in ManagedPolicies::embedded().documents() {
        let policy = Policy::parse(PolicyKind::Identity, Source::new(policy.name(), document)).unwrap();
        for condition in policy.statements().iter().flat_map(iamsim_policy::Statement::conditions) {
            let key = Catalog::embedded().key(condition.key().as_str());
            let of_text = key.filter(|key| key.value_type().base() == BaseType::String);
            if let Some(key) = of_text.filter(|_| condition.operator().comparison.family() == Family::Arn) {
                uses += 1;
                let arns = condition.values().iter().all(|value| value.value.as_str().starts_with("arn:"));
                meant += usize::from(key.is_pattern() && arns);
            }
        }
    }
    assert_eq!((uses, meant), (50, 50));
    let on_booleans = of("operator-type");
    assert!(on_booleans.iter().all(|finding| finding.message().contains("of type Bool")));
    assert_eq!(on_booleans.len(), 2);
    assert_eq!(of("missing-set-operator").len(), 3);
    assert_eq!(of("set-operator-on-single-value").len(), 4);
}

/// The count of the reference, with naive patterns, was 28 keys of 599 that did not resolve, nearly all of them tags;
/// with the three notations of placeholders read as one, these are left.
#[test]
fn the_keys_that_are_not_known_are_few() {
    let distinct: BTreeSet<_> =
        of("unknown-key").iter().map(|finding| text(finding).to_ascii_lowercase()).collect();
    let expected = [
        "aws:principalorgmasteraccountid",
        "deepracer:multiuser",
        "deepracer:usertoken",
        "lakeformation:gluearn",
    ];
    assert_eq!(distinct, expected.map(str::to_owned).into());
}
