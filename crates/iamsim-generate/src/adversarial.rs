//! Inputs that are large, odd or broken on purpose, each of which some reader has fallen over: fixed files
//! beside the tiers.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::corpus::Corpus;

/// What a reader has to make of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is a policy.
    Accepted,
    /// It is none, and the reader says where.
    Refused,
    /// It is a scenario, and runs.
    Scenario,
}

/// A file of the adversarial set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adversarial {
    /// Its name.
    pub name: &'static str,
    /// Its content; not always text.
    pub bytes: Vec<u8>,
    /// What has to come of it.
    pub verdict: Verdict,
}

/// All of them.
pub fn adversarial(corpus: &Corpus) -> Vec<Adversarial> {
    let file = |name, text: String, verdict| Adversarial { name, bytes: text.into_bytes(), verdict };
    let accepted = |name, text| file(name, text, Verdict::Accepted);
    let refused = |name, text| file(name, text, Verdict::Refused);
    let scenario = |name, text| file(name, text, Verdict::Scenario);
    let documents: Vec<String> = corpus.managed.documents().map(|(_, text)| text).collect();
    // The largest of AWS's own by what is counted: 152 KB with 1,550 actions, 163 statements, 79 resources, 12
    // keys in one block.
    let most = |count: fn(&Value) -> usize| {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        documents.iter().max_by_key(|text| count(&read(text))).cloned().unwrap_or_default()
    };
    let with_mark = [b"\xef\xbb\xbf".as_slice(), allow("s3:Get*", "*").as_bytes()].concat();
    vec![
        accepted("most-bytes.json", documents.iter().max_by_key(|text| text.len()).cloned().unwrap_or_default()),
        accepted("most-statements.json", most(|policy| statements(policy).count())),
        accepted("most-resources.json", most(|policy| largest(policy, |statement| length(&statement["Resource"])))),
        accepted("most-keys.json", most(|policy| largest(policy, keys))),
        accepted("patterns-that-backtrack.json", patterns()),
        accepted("a-million-characters.json", allow("s3:GetObject", &format!("arn:aws:s3:::b/{}", "a".repeat(1_000_000)))),
        accepted("five-thousand-statements.json", many_statements(5_000)),
        accepted(
            "key-case.json",
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalARN": "arn:aws:iam::*:role/a"},
                    "StringEquals": {"AWS:principalarn": "x", "aws:PRINCIPALORGID": "o"}}}]})
            .to_string(),
        ),
        accepted("single-object.json", allow("S3:getobject", "*")),
        accepted(
            "escapes.json",
            r#"{"Version":"2012-10-17","\u0053tatement":{"\u0045ffect":"Allow","Action":"s3:\u0047etObject","Resource":"arn:aws:s3:::\ud83d\ude00/\u00e9*"}}"#.to_owned(),
        ),
        accepted("before-2012.json", allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}").replace("2012", "2008")),
        Adversarial { name: "byte-order-mark.json", bytes: with_mark, verdict: Verdict::Refused },
        refused(
            "duplicate-keys.json",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}"#.to_owned(),
        ),
        refused(
            "action-and-not-action.json",
            json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "NotAction": "iam:*",
                "Resource": "*"}})
            .to_string(),
        ),
        refused("deep.json", "[".repeat(100_000)),
        Adversarial { name: "not-text.json", bytes: vec![b'{', 0xff, 0xfe, b'}'], verdict: Verdict::Refused },
        scenario("twenty-attachments.json", twenty_attachments()),
        scenario("ten-groups.json", ten_groups()),
        scenario("five-units-deep.json", five_units_deep()),
        scenario("fifty-session-tags.json", fifty_session_tags()),
        scenario("a-million-characters-of-context.json", long_context()),
    ]
}

fn allow(action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
        .to_string()
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    let list = policy["Statement"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    list.iter().chain((!policy["Statement"].is_array()).then_some(&policy["Statement"]))
}

fn largest(policy: &Value, count: fn(&Value) -> usize) -> usize {
    statements(policy).map(count).max().unwrap_or(0)
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(1, Vec::len)
}

fn keys(statement: &Value) -> usize {
    let blocks = statement["Condition"].as_object().into_iter().flatten();
    blocks.filter_map(|(_, block)| block.as_object()).map(serde_json::Map::len).sum()
}

fn patterns() -> String {
    let resources = [
        format!("arn:aws:s3:::{}b", "a*".repeat(60)),
        "arn:aws:s3:::a*a*a*a*b".to_owned(),
        format!("arn:aws:s3:::{}", "*?".repeat(40)),
        "arn:aws:s3:::*?*?*?".to_owned(),
    ];
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Action": ["s3:*e*e*e*e*e*z", "*:*?*?*?", "s3:**Get**"], "Resource": resources,
        "Condition": {"StringLike": {"aws:userid": "*a*a*a*a*a*a*a*a*b"}}}})
    .to_string()
}

fn many_statements(count: usize) -> String {
    let mut text = String::from("{\"Version\":\"2012-10-17\",\"Statement\":[");
    for number in 0..count {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}{{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/{number}/*\"}}"
        );
    }
    text.push_str("]}");
    text
}

const ACCOUNT: &str = "111122223333";

fn story(title: &str, account: &Value, more: Value, steps: &Value) -> String {
    let mut story = json!({"scenario": title, "accounts": {ACCOUNT: account}, "steps": steps});
    if let (Some(story), Value::Object(more)) = (story.as_object_mut(), more) {
        story.extend(more);
    }
    story.to_string()
}

fn policy(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
}

fn twenty_attachments() -> String {
    let names: Vec<String> = (0..20).map(|number| format!("policy-{number}")).collect();
    let policies: serde_json::Map<String, Value> =
        names.iter().map(|name| (name.clone(), policy("sqs:Get*"))).collect();
    let account = json!({"quotas": {"PoliciesPerRole": 20}, "policies": policies,
        "roles": {"busy": {"trust": {"service": "ec2.amazonaws.com"}, "attached": names}}});
    let steps = json!([{"as": "busy/work", "do": "sqs:GetQueueUrl", "on": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:q"),
        "complete": true, "expect": "allow"}]);
    story("A role with twenty managed policies", &account, Value::Null, &steps)
}

fn ten_groups() -> String {
    let groups: serde_json::Map<String, Value> = (0..10)
        .map(|number| {
            (format!("group-{number}"), json!({"policies": {"own": policy(&format!("sqs:Get{number}*"))}}))
        })
        .collect();
    let names: Vec<&String> = groups.keys().collect();
    let account = json!({"users": {"dev": {"groups": names}}, "groups": groups});
    let steps = json!([{"as": "dev", "do": "sqs:DeleteQueue", "on": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:q"),
        "complete": true, "expect": "implicit deny"}]);
    story("A user in ten groups", &account, Value::Null, &steps)
}

fn five_units_deep() -> String {
    let mut unit = json!({"accounts": [ACCOUNT], "scps": {"level-5": deny("sqs:DeleteQueue")}});
    for level in (1..5).rev() {
        let name = format!("level-{level}");
        unit = json!({"units": {"below": unit}, "scps": {name: deny("organizations:LeaveOrganization")}});
    }
    let organization = json!({"management": "999999999999", "root": {"units": {"below": unit}}});
    let account = json!({"users": {"dev": {"policies": {"all": policy("*")}}}});
    let steps = json!([
        {"as": "dev", "do": "sqs:DeleteQueue", "on": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:q"), "complete": true,
            "expect": "explicit deny"},
        {"as": "dev", "do": "sqs:GetQueueUrl", "on": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:q"), "complete": true,
            "expect": "allow"},
    ]);
    let accounts = json!({ACCOUNT: account, "999999999999": {}});
    let more = json!({"organization": organization, "accounts": accounts});
    story("Five units deep, with a policy on each", &Value::Null, more, &steps)
}

fn deny(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": action, "Resource": "*"}})
}

fn fifty_session_tags() -> String {
    let tags: serde_json::Map<String, Value> =
        (0..50).map(|number| (format!("k{number}"), json!(format!("v{number}")))).collect();
    let account = json!({
        "users": {"dev": {"policies": {"all": policy("sts:*")}}},
        "roles": {"tagged": {"trust": {"account": ACCOUNT, "actions": ["sts:TagSession"]},
            "policies": {"own": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*",
                "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/k49": "v49"}}}}}}},
    });
    let steps = json!([
        {"as": "dev", "assume": "tagged", "session": "work", "tags": tags},
        {"as": "work", "do": "sqs:GetQueueUrl", "on": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:q"), "complete": true,
            "expect": "allow"},
    ]);
    story("A session with fifty tags", &account, Value::Null, &steps)
}

fn long_context() -> String {
    let account = json!({"users": {"dev": {"policies": {"own": {"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition":
            {"StringLike": {"aws:UserAgent": "*a*a*a*a*a*a*a*a*a*b"}}}}}}}});
    let steps = json!([{"as": "dev", "do": "sqs:GetQueueUrl", "on": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:q"),
        "complete": true, "context": {"aws:UserAgent": "a".repeat(1_000_000)}, "expect": "implicit deny"}]);
    story("A context value of a million characters", &account, Value::Null, &steps)
}

#[cfg(test)]
mod tests {
    use iamsim_policy::{Policy, PolicyKind, Source};

    use super::*;

    #[test]
    fn every_policy_is_read_or_refused_as_it_says() {
        for Adversarial { name, bytes, verdict } in adversarial(&Corpus::new()) {
            let read = Source::from_bytes(name, bytes)
                .is_ok_and(|source| Policy::parse(PolicyKind::Identity, source).is_ok());
            match verdict {
                Verdict::Accepted => assert!(read, "{name} is a policy"),
                Verdict::Refused | Verdict::Scenario => assert!(!read, "{name} is none"),
            }
        }
    }

    #[test]
    fn the_largest_are_as_large_as_they_were_measured() {
        let all = adversarial(&Corpus::new());
        let of = |name: &str| -> Value {
            serde_json::from_slice(&all.iter().find(|file| file.name == name).unwrap().bytes).unwrap()
        };
        let bytes = all.first().unwrap().bytes.len();
        let actions: usize =
            statements(&of("most-bytes.json")).map(|statement| length(&statement["Action"])).sum();
        assert!(bytes >= 152_000 && actions >= 1_550, "{bytes} bytes, {actions} actions");
        assert!(statements(&of("most-statements.json")).count() >= 163);
        assert!(largest(&of("most-resources.json"), |statement| length(&statement["Resource"])) >= 79);
        assert!(largest(&of("most-keys.json"), keys) >= 12);
    }
}
