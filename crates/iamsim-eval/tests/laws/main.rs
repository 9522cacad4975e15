//! Laws that hold whatever the policies and the request: on cases drawn here, which shrink, and on those of the
//! oracle's generator, which reach farther. Every law counts what its cases came to, so that a generator that
//! has gone quiet fails.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test"
)]

mod cases;

use std::cell::RefCell;
use std::collections::BTreeMap;

use iamsim_case::{Case, Word};
use iamsim_eval::explain;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use cases::{HOME, Layer, SESSION, Setting};

type Checked = Result<(), TestCaseError>;

/// The answer to a case, with the keys it depends on and whether facts beside the keys are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    word: Word,
    keys: Vec<String>,
    lacks_facts: bool,
}

fn answer_text(text: &str) -> Answer {
    let Ok(case) = Case::parse(text) else {
        return Answer { word: Word::InvalidInput, keys: Vec::new(), lacks_facts: false };
    };
    let explanation = explain(case.layers(), case.request());
    let lacks_facts = !explanation.unknown_facts().is_empty();
    Answer { word: case.decide(), keys: explanation.unknown_keys(), lacks_facts }
}

fn answer(case: &Value) -> Answer {
    answer_text(&case.to_string())
}

fn decide(case: &Value) -> Word {
    Case::parse(case.to_string()).map_or(Word::InvalidInput, |case| case.decide())
}

/// What the cases of a law came to.
#[derive(Default)]
struct Tally(RefCell<BTreeMap<Word, u32>>);

impl Tally {
    fn count(&self, word: Word) -> Word {
        *self.0.borrow_mut().entry(word).or_default() += 1;
        word
    }

    /// Fails unless each word came up this many times in a hundred.
    fn assert_shares(&self, shares: &[(Word, u32)]) {
        let counts = self.0.borrow();
        let total: u32 = counts.values().sum();
        for (word, percent) in shares {
            let count = counts.get(word).copied().unwrap_or_default();
            assert!(count * 100 >= total * percent, "less than {percent} of 100 are {word}: {counts:?}");
        }
    }
}

const SPREAD: &[(Word, u32)] = &[
    (Word::Allowed, 12),
    (Word::ImplicitlyDenied, 12),
    (Word::ExplicitlyDenied, 8),
    (Word::Undetermined, 8),
];

/// Checks a law on drawn values, the same in every run.
fn drawn<S: Strategy>(cases: u32, strategy: S, law: impl Fn(S::Value) -> Checked) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    if let Err(failure) = runner.run(&strategy, law) {
        panic!("{failure}");
    }
}

/// Checks a law on cases drawn here and on cases of the oracle's generator.
fn holds(law: impl Fn(&Value, &Tally) -> Checked) {
    let tally = Tally::default();
    drawn(200, cases::case(), |case| {
        prop_assert_ne!(decide(&case), Word::InvalidInput);
        law(&case, &tally)
    });
    tally.assert_shares(SPREAD);
    let tally = Tally::default();
    for index in 0..250 {
        let case = iamsim_oracle::generate::case(29, index);
        if decide(&case) != Word::InvalidInput
            && let Err(failure) = law(&case, &tally)
        {
            panic!("{failure}\n{case}");
        }
    }
    tally.assert_shares(SPREAD);
}

fn is_empty(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}

/// Every document of a case with its layer's field, by reference.
fn documents(case: &mut Value, see: &mut dyn FnMut(&str, &mut Value)) {
    const FIELDS: &[&str] = &[
        "identity_policies",
        "permissions_boundary",
        "session_policy",
        "resource_policy",
        "scps",
        "rcps",
        "vpc_endpoint_policies",
    ];
    fn walk(value: &mut Value, field: &str, see: &mut dyn FnMut(&str, &mut Value)) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, field, see)),
            Value::Object(policy) => see(field, policy.get_mut("document").unwrap()),
            _ => {}
        }
    }
    for field in FIELDS {
        if let Some(value) = case.get_mut(*field) {
            walk(value, field, see);
        }
    }
}

/// A document's statements as a list.
fn statements(document: &mut Value) -> &mut Vec<Value> {
    let statement = &mut document["Statement"];
    if !statement.is_array() {
        *statement = json!([statement.take()]);
    }
    statement.as_array_mut().unwrap()
}

#[test]
fn a_decision_is_its_explanations_decision_and_every_explanation_can_be_told() {
    holds(|case, tally| {
        let read = Case::parse(case.to_string()).unwrap();
        let explanation = explain(read.layers(), read.request());
        let word = tally.count(read.decide());
        prop_assert_eq!(word, Word::from(explanation.decision()));
        let json = explanation.to_json();
        prop_assert_eq!(json["decision"].as_str(), Some(explanation.decision().as_str()));
        let text = explanation.to_string();
        prop_assert!(text.is_ascii() && !text.is_empty());
        Ok(())
    });
}

/// Which answers may follow when something was added that only denies.
fn no_more_than(before: Word, after: Word) -> bool {
    match before {
        Word::Allowed => true,
        Word::Undetermined | Word::ImplicitlyDenied => after != Word::Allowed,
        Word::ExplicitlyDenied | Word::InvalidInput => after == before,
    }
}

#[test]
fn a_deny_added_to_any_policy_never_allows_more() {
    let everyone = |field: &str| matches!(field, "resource_policy" | "rcps" | "vpc_endpoint_policies");
    let changed = Tally::default();
    holds(|case, tally| {
        let before = tally.count(decide(case));
        let service = case["action"].as_str().unwrap().split(':').next().unwrap().to_lowercase();
        let trust = case["resource"].as_str().unwrap().starts_with("arn:aws:iam::");
        for condition in [json!({}), json!({"StringLike": {"aws:PrincipalTag/team": "r*"}})] {
            let mut places = 0;
            documents(&mut case.clone(), &mut |_, _| places += 1);
            for place in 0..places {
                let (mut with, mut number) = (case.clone(), 0);
                documents(&mut with, &mut |field, document| {
                    if number == place {
                        let mut deny = json!({
                            "Effect": "Deny", "Action": format!("{service}:*"), "Resource": "*",
                            "Condition": condition.clone(),
                        });
                        if everyone(field) {
                            deny["Principal"] =
                                if field == "resource_policy" { json!({"AWS": "*"}) } else { json!("*") };
                        }
                        if field == "resource_policy" && trust {
                            deny.as_object_mut().unwrap().remove("Resource");
                            deny["Action"] = json!("sts:AssumeRole");
                        }
                        statements(document).push(deny);
                    }
                    number += 1;
                });
                let after = decide(&with);
                prop_assert!(no_more_than(before, after), "{} became {}: {}", before, after, with);
                if before != after {
                    changed.count(after);
                }
            }
        }
        Ok(())
    });
    changed.assert_shares(&[(Word::ExplicitlyDenied, 40), (Word::Undetermined, 10)]);
}

#[test]
fn an_allow_added_to_an_identity_policy_never_allows_less() {
    let changed = Tally::default();
    holds(|case, tally| {
        let before = tally.count(decide(case));
        let mut with = case.clone();
        documents(&mut with, &mut |field, document| {
            if field == "identity_policies" {
                statements(document).push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
            }
        });
        let after = decide(&with);
        prop_assert!(no_more_than(after, before), "{} became {}: {}", before, after, with);
        if before != after {
            changed.count(after);
        }
        Ok(())
    });
    changed.assert_shares(&[(Word::Allowed, 30)]);
}

#[test]
fn a_layer_that_limits_never_grants() {
    let limited = Tally::default();
    holds(|case, tally| {
        let with = tally.count(decide(case));
        for field in ["scps", "rcps", "vpc_endpoint_policies", "permissions_boundary", "session_policy"] {
            if is_empty(case.get(field)) {
                continue;
            }
            let mut without = case.clone();
            without[field] = match field {
                "permissions_boundary" => Value::Null,
                // A federated session without session policy may do nothing (PE-SES-05).
                "session_policy" => cases::named("everything", cases::everything()),
                _ => json!([]),
            };
            let without = decide(&without);
            prop_assert!(
                no_more_than(without, with),
                "{} without {}, {} with: {}",
                without,
                field,
                with,
                case
            );
            if with != without {
                limited.count(with);
            }
        }
        Ok(())
    });
    limited.assert_shares(&[(Word::ImplicitlyDenied, 20), (Word::ExplicitlyDenied, 15)]);
}

#[test]
fn what_only_limiting_layers_allow_is_denied() {
    holds(|case, tally| {
        tally.count(decide(case));
        let fixed = matches!(
            case["action"].as_str().unwrap().to_lowercase().as_str(),
            "sts:getcalleridentity" | "sts:getsessiontoken"
        );
        if case["principal_kind"] == "root" || fixed {
            return Ok(()); // PE-ROOT-01, PE-SES-07, PE-SES-09
        }
        let mut bare = case.clone();
        let all = |name: &str| cases::named(name, cases::everything());
        let mut open = cases::everything();
        open["Statement"]["Principal"] = json!("*");
        bare["identity_policies"] = json!([]);
        bare["resource_policy"] = Value::Null;
        bare["unknown_context"] = json!([]);
        bare["scps"] = json!([[all("scp")]]);
        bare["rcps"] = json!([[]]);
        bare["vpc_endpoint_policies"] = json!([cases::named("endpoint", open)]);
        let own = matches!(
            case["principal_kind"].as_str(),
            Some("user" | "role" | "assumed-role" | "federated-user")
        );
        bare["permissions_boundary"] = if own { all("boundary") } else { Value::Null };
        bare["session_policy"] = if own { all("session") } else { Value::Null };
        prop_assert_eq!(decide(&bare), Word::ImplicitlyDenied, "{}", bare);
        Ok(())
    });
}

/// The JSON with every array and every object the other way round, or turned by one place.
fn rearranged(value: &Value, turn: bool) -> String {
    fn arranged<T>(mut items: Vec<T>, turn: bool) -> Vec<T> {
        if turn && !items.is_empty() {
            items.rotate_left(1);
        } else {
            items.reverse();
        }
        items
    }
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| rearranged(item, turn)).collect();
            format!("[{}]", arranged(items, turn).join(","))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| format!("{}:{}", json!(name), rearranged(value, turn)))
                .collect();
            format!("{{{}}}", arranged(members, turn).join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn the_order_of_statements_policies_levels_values_and_keys_never_matters() {
    holds(|case, tally| {
        let expected = answer(case);
        tally.count(expected.word);
        prop_assert_eq!(&answer_text(&rearranged(case, false)), &expected);
        prop_assert_eq!(&answer_text(&rearranged(case, true)), &expected);
        Ok(())
    });
}

#[test]
fn splitting_a_policy_into_one_for_each_statement_changes_nothing() {
    holds(|case, tally| {
        let expected = answer(case);
        tally.count(expected.word);
        let mut split = case.clone();
        let mut policies = Vec::new();
        for policy in split["identity_policies"].as_array_mut().unwrap() {
            let document = &mut policy["document"];
            for statement in statements(document).clone() {
                let mut alone = document.clone();
                alone["Statement"] = statement;
                policies.push(cases::named("alone", alone));
            }
        }
        split["identity_policies"] = json!(policies);
        prop_assert_eq!(answer(&split), expected);
        Ok(())
    });
}

#[test]
fn renaming_the_sids_changes_nothing() {
    holds(|case, tally| {
        let expected = answer(case);
        tally.count(expected.word);
        for named in [true, false] {
            let (mut renamed, mut number) = (case.clone(), 0);
            documents(&mut renamed, &mut |_, document| {
                for statement in statements(document) {
                    number += 1;
                    let statement = statement.as_object_mut().unwrap();
                    statement.remove("Sid");
                    if named {
                        statement.insert("Sid".to_owned(), json!(format!("Renamed{number}")));
                    }
                }
            });
            prop_assert_eq!(&answer(&renamed), &expected);
        }
        Ok(())
    });
}

/// The keys of variables in another case.
fn recased_variables(text: &str, recase: &dyn Fn(&str) -> String) -> String {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['}', ',']).unwrap_or(0);
        let (key, rest) = part.split_at(end);
        out.push_str("${");
        out.push_str(&recase(key));
        out.push_str(rest);
    }
    out
}

fn recased(value: &Value, under_operator: bool, recase: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => json!(recased_variables(text, recase)),
        Value::Array(items) => items.iter().map(|item| recased(item, false, recase)).collect(),
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, member) in members {
                let member = match (name.as_str(), member) {
                    ("Condition", Value::Object(block)) => {
                        let block =
                            block.iter().map(|(name, keys)| (name.clone(), recased(keys, true, recase)));
                        Value::Object(block.collect())
                    }
                    ("context", context) => recased(context, true, recase),
                    ("unknown_context", Value::Array(keys)) => {
                        keys.iter().map(|key| json!(recase(key.as_str().unwrap()))).collect()
                    }
                    (_, member) => recased(member, false, recase),
                };
                out.insert(if under_operator { recase(name) } else { name.clone() }, member);
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

#[test]
fn the_case_of_condition_keys_changes_nothing() {
    holds(|case, tally| {
        let expected = answer(case);
        tally.count(expected.word);
        prop_assert_eq!(&answer(&recased(case, false, &str::to_ascii_uppercase)), &expected);
        prop_assert_eq!(&answer(&recased(case, false, &str::to_ascii_lowercase)), &expected);
        Ok(())
    });
}

/// Values that a key might have: none, empty ones, and some of the texts of the case and their parts.
fn values_of(case: &Value) -> Vec<Option<Value>> {
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => {
                found.push(text.clone());
                found.extend(text.split(['/', ':']).map(str::to_owned));
            }
            Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
            Value::Object(members) => members.values().for_each(|member| texts(member, found)),
            _ => {}
        }
    }
    let mut found: Vec<String> =
        ["something else", "0", "true", "false", "203.0.113.7", "2024-05-01T10:00:00Z"]
            .map(str::to_owned)
            .into();
    documents(&mut case.clone(), &mut |_, document| texts(&document["Statement"], &mut found));
    found.sort();
    found.dedup();
    let mut values = vec![None, Some(json!("")), Some(json!([]))];
    let step = found.len().div_ceil(TEXTS);
    for text in found.into_iter().step_by(step) {
        values.push(Some(json!([text])));
        values.push(Some(json!(text)));
    }
    values
}

/// How many texts are tried.
const TEXTS: usize = 4;

/// The unknown keys of a case, in lower case.
fn unknown(case: &Value) -> Vec<String> {
    let keys = case.get("unknown_context").and_then(Value::as_array);
    keys.into_iter().flatten().map(|key| key.as_str().unwrap().to_lowercase()).collect()
}

/// The case with a value for an unknown key. `aws:PrincipalArn` has only values that can be the caller's.
fn given(case: &Value, key: &str, value: Option<&Value>) -> Value {
    let mut given = case.clone();
    let left: Vec<String> = unknown(case).into_iter().filter(|unknown| unknown != key).collect();
    given["unknown_context"] = json!(left);
    let context = given["context"].as_object_mut().unwrap();
    context.retain(|name, _| !name.eq_ignore_ascii_case(key));
    if key == "aws:principalarn" {
        let account = case["principal"].as_str().unwrap().split(':').nth(4).unwrap().to_owned();
        context.insert(key.to_owned(), json!(format!("arn:aws:iam::{account}:role/app")));
    } else if let Some(value) = value {
        context.insert(key.to_owned(), value.clone());
    }
    given
}

#[test]
fn no_value_of_an_unknown_key_contradicts_a_determined_answer() {
    let tried = RefCell::new(0);
    holds(|case, tally| {
        let word = tally.count(decide(case));
        if word == Word::Undetermined {
            return Ok(());
        }
        for key in unknown(case) {
            for value in values_of(case) {
                *tried.borrow_mut() += 1;
                let one = given(case, &key, value.as_ref());
                prop_assert_eq!(decide(&one), word, "{} as {:?} in {}", key, value, case);
            }
        }
        for value in values_of(case) {
            let all = unknown(case).iter().fold(case.clone(), |case, key| given(&case, key, value.as_ref()));
            prop_assert_eq!(decide(&all), word, "all as {:?} in {}", value, case);
        }
        Ok(())
    });
    assert!(tried.into_inner() >= 1_000);
}

#[test]
fn no_value_of_a_key_that_an_open_answer_does_not_name_decides_it() {
    let tried = RefCell::new(0);
    holds(|case, tally| {
        let open = answer(case);
        if tally.count(open.word) != Word::Undetermined {
            return Ok(());
        }
        for key in unknown(case).into_iter().filter(|key| !open.keys.contains(key)) {
            for value in values_of(case) {
                *tried.borrow_mut() += 1;
                let one = given(case, &key, value.as_ref());
                prop_assert_eq!(decide(&one), Word::Undetermined, "{} as {:?} in {}", key, value, case);
            }
        }
        Ok(())
    });
    assert!(tried.into_inner() >= 100);
}

#[test]
fn with_nothing_unknown_the_answer_is_never_open() {
    let sure = Tally::default();
    holds(|case, tally| {
        let before = answer(case);
        tally.count(before.word);
        // An open answer says what it lacks, and what it lacks was said to be unknown.
        prop_assert_eq!(before.word == Word::Undetermined, !before.keys.is_empty() || before.lacks_facts);
        prop_assert!(before.keys.iter().all(|key| unknown(case).contains(key)));
        let mut known = case.clone();
        known["unknown_context"] = json!([]);
        let after = answer(&known);
        sure.count(after.word);
        // Which session of a role, or which user behind a federated session, a case does not say; nor whose a
        // canonical id is.
        let nameless = matches!(case["principal_kind"].as_str(), Some("role" | "federated-user"))
            || case.to_string().contains("CanonicalUser");
        prop_assert!(after.word != Word::Undetermined || (nameless && after.lacks_facts), "{}", known);
        Ok(())
    });
    sure.assert_shares(&[(Word::Allowed, 15), (Word::ImplicitlyDenied, 15), (Word::ExplicitlyDenied, 8)]);
}

/// What one writes into `Action`, near an action that is asked for.
fn pattern(action: &'static str) -> impl Strategy<Value = String> {
    let length = action.len();
    (0..length, 0..length, 0..7_u8).prop_map(move |(from, to, way)| {
        let (from, to) = (from.min(to), from.max(to));
        let service = action.split(':').next().unwrap();
        let after = service.len() + 1;
        match way {
            0 => action.to_owned(),
            1 => "*".to_owned(),
            2 => "*:*".to_owned(),
            3 => action.to_uppercase(),
            // Wildcards in the name only: one in the vendor is refused or never matches (PE-ACT-05).
            4 if from >= after => format!("{}*{}", &action[..from], &action[to..]),
            5 if from >= after => format!("{}?{}", &action[..from], &action[(from + 1).min(length)..]),
            6 => format!("{service}: {}", &action[after..]),
            _ => format!("{service}:*{}", &action[to.max(after)..]),
        }
    })
}

#[test]
fn an_action_and_the_same_not_action_never_both_apply_nor_neither() {
    let applied = Tally::default();
    let asked = proptest::sample::select(cases::SCENES).prop_flat_map(|(action, resource)| {
        let asked = proptest::sample::select(cases::SCENES).prop_map(|(asked, _)| asked);
        (
            Just(action),
            Just(resource),
            asked.prop_flat_map(|near| proptest::collection::vec(pattern(near), 1..=2)),
        )
    });
    drawn(1_200, asked, |(action, resource, patterns)| {
        let with = |element: &str| {
            let mut statement = json!({"Effect": "Deny", "Resource": "*"});
            statement[element] = json!(patterns);
            decide(&json!({
                "id": "law", "principal": cases::USER.arn, "principal_kind": "user", "action": action,
                "resource": resource.replace("OWNER", HOME), "resource_account": HOME, "context": {},
                "identity_policies": [cases::named("own", json!({"Version": "2012-10-17", "Statement": statement}))],
                "permissions_boundary": null, "session_policy": null, "resource_policy": null,
                "scps": [], "rcps": [], "vpc_endpoint_policies": [],
            }))
        };
        let both = [applied.count(with("Action")), with("NotAction")];
        let exactly_one = matches!(
            both,
            [Word::ExplicitlyDenied, Word::ImplicitlyDenied]
                | [Word::ImplicitlyDenied, Word::ExplicitlyDenied]
        );
        prop_assert!(exactly_one, "{:?} for {} is {:?}", patterns, action, both);
        Ok(())
    });
    applied.assert_shares(&[(Word::ExplicitlyDenied, 20), (Word::ImplicitlyDenied, 20)]);
}

/// A role session on a resource of its own account, and policies without any Deny.
fn granted() -> impl Strategy<Value = Value> {
    let scenes: Vec<_> = cases::SCENES
        .iter()
        .filter(|(action, _)| matches!(&action[..3], "s3:" | "sqs" | "lam" | "dyn"))
        .copied()
        .collect();
    proptest::sample::select(scenes).prop_flat_map(|(action, resource)| {
        let setting = Setting { caller: SESSION, action, resource };
        (cases::policies(setting, cases::NEVER), cases::request(setting)).prop_map(
            move |(policies, mut request)| {
                request.insert("resource_account".to_owned(), json!(HOME));
                let mut case = cases::join(setting, policies, request);
                for layer in ["scps", "rcps", "vpc_endpoint_policies"] {
                    case[layer] = json!([]);
                }
                case
            },
        )
    })
}

/// The case with a bucket policy, or the like, that grants everything to one principal.
fn granting(case: &Value, principal: &str) -> Value {
    let mut with = case.clone();
    with["resource_policy"] = cases::named(
        "resource",
        json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": principal}, "Action": case["action"], "Resource": case["resource"]}}),
    );
    with
}

/// The worse of two answers that don't deny explicitly.
fn both(a: Word, b: Word) -> Word {
    match (a, b) {
        (Word::ImplicitlyDenied, _) | (_, Word::ImplicitlyDenied) => Word::ImplicitlyDenied,
        (Word::Undetermined, _) | (_, Word::Undetermined) => Word::Undetermined,
        _ => Word::Allowed,
    }
}

#[test]
fn a_grant_to_the_session_is_never_cut_and_one_to_its_role_is_cut_by_boundary_and_session_policy() {
    let role = Tally::default();
    drawn(500, granted(), |case| {
        prop_assert_eq!(decide(&granting(&case, SESSION.arn)), Word::Allowed);
        // What the boundary and the session policy allow, each alone, for a caller that may do everything.
        let alone = |layer: &str| {
            let mut alone = case.clone();
            alone["resource_policy"] = Value::Null;
            alone["identity_policies"] = json!([cases::named("own", cases::everything())]);
            for other in ["permissions_boundary", "session_policy"] {
                if other != layer {
                    alone[other] = Value::Null;
                }
            }
            decide(&alone)
        };
        let limits = both(alone("permissions_boundary"), alone("session_policy"));
        let found = role.count(decide(&granting(&case, "arn:aws:iam::111111111111:role/app")));
        prop_assert_eq!(found, limits);
        // One to the account needs an identity policy as well (PE-RBP-06), which alone would do as well.
        let mut own = case.clone();
        own["resource_policy"] = Value::Null;
        prop_assert_eq!(decide(&granting(&case, HOME)), decide(&own));
        Ok(())
    });
    role.assert_shares(&[(Word::Allowed, 30), (Word::ImplicitlyDenied, 8), (Word::Undetermined, 2)]);
}

#[test]
fn a_drawn_deny_added_to_a_layer_of_its_own_never_allows_more() {
    let strategy = proptest::sample::select(cases::SCENES).prop_flat_map(|(action, resource)| {
        let setting = Setting { caller: SESSION, action, resource };
        let case = (cases::policies(setting, cases::SOMETIMES), cases::request(setting))
            .prop_map(move |(policies, request)| cases::join(setting, policies, request));
        let layers = [
            ("identity_policies", Layer::Identity),
            ("scps", Layer::Limit),
            ("rcps", Layer::ResourceControl),
            ("vpc_endpoint_policies", Layer::Endpoint),
        ];
        let deny = proptest::sample::select(layers.to_vec()).prop_flat_map(move |(field, layer)| {
            (Just(field), cases::statement(setting, layer, cases::ALWAYS))
        });
        (case, deny)
    });
    let changed = Tally::default();
    drawn(500, strategy, |(case, (field, deny))| {
        let before = decide(&case);
        let mut with = case.clone();
        let policy = cases::named("more", json!({"Version": "2012-10-17", "Statement": deny}));
        let policies = with[field].as_array_mut().unwrap();
        match field {
            // Another level, where something allows.
            "scps" => policies.push(json!([cases::named("full", cases::everything()), policy])),
            "rcps" => policies.push(json!([policy])),
            // An endpoint whose only policy denies allows nothing.
            _ => policies.push(policy),
        }
        let after = decide(&with);
        prop_assert!(no_more_than(before, after), "{} became {}: {}", before, after, with);
        if before != after {
            changed.count(after);
        }
        Ok(())
    });
    changed.assert_shares(&[(Word::ExplicitlyDenied, 30), (Word::Undetermined, 8)]);
}
