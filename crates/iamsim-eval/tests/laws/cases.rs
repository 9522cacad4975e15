//! Cases for the laws: small alphabets, so that policies and requests meet, and every outcome is frequent.
//!
//! It does not know what a case comes to.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

pub(crate) const HOME: &str = "111111111111";
const ABROAD: &str = "222222222222";

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) kind: &'static str,
    pub(crate) arn: &'static str,
    /// The entries that name it, outermost first.
    chain: &'static [&'static str],
}

pub(crate) const USER: Caller = Caller {
    kind: "user",
    arn: "arn:aws:iam::111111111111:user/alice",
    chain: &["arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/alice"],
};
pub(crate) const SESSION: Caller = Caller {
    kind: "assumed-role",
    arn: "arn:aws:sts::111111111111:assumed-role/app/s1",
    chain: &[
        "111111111111",
        "arn:aws:iam::111111111111:role/app",
        "arn:aws:sts::111111111111:assumed-role/app/s1",
    ],
};
const FEDERATED: Caller = Caller {
    kind: "federated-user",
    arn: "arn:aws:sts::111111111111:federated-user/bob",
    chain: &["111111111111", "arn:aws:sts::111111111111:federated-user/bob"],
};
const ROOT: Caller = Caller {
    kind: "root",
    arn: "arn:aws:iam::111111111111:root",
    chain: &["arn:aws:iam::111111111111:root"],
};
const SERVICE: Caller = Caller { kind: "service", arn: "sns.amazonaws.com", chain: &[] };
const ANONYMOUS: Caller = Caller { kind: "anonymous", arn: "*", chain: &[] };

/// What for, and on what; `OWNER` is the owner's account.
pub(crate) const SCENES: &[(&str, &str)] = &[
    ("s3:GetObject", "arn:aws:s3:::bucket/red/k"),
    ("s3:PutObject", "arn:aws:s3:::bucket/red/k"),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:OWNER:queue"),
    ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:OWNER:function:red:7"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:OWNER:table/red"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:OWNER:key/1234"),
    ("sts:AssumeRole", "arn:aws:iam::OWNER:role/target"),
    ("iam:GetRole", "arn:aws:iam::OWNER:role/app"),
    ("ec2:DescribeInstances", "*"),
];

type Test = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Condition keys, how policies test them and with what, and what requests carry.
const TESTS: &[Test] = &[
    (
        "aws:PrincipalTag/team",
        &[
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringEqualsIfExists",
            "ForAllValues:StringEquals",
        ],
        &["red", "r*", "${aws:RequestTag/env}", "${aws:RequestTag/env, 'red'}", "blue"],
        &["red", "red", "Red", ""],
    ),
    (
        "aws:RequestTag/env",
        &["StringEquals", "StringNotLike", "StringNotEqualsIgnoreCase", "ForAnyValue:StringNotEquals"],
        &["red", "prod", "p*", "${aws:PrincipalTag/team}"],
        &["red", "prod"],
    ),
    (
        "s3:max-keys",
        &["NumericLessThan", "NumericNotEquals", "NumericEqualsIfExists"],
        &["10", "2.5"],
        &["9", "ten"],
    ),
    (
        "aws:CurrentTime",
        &["DateGreaterThan", "DateLessThanEqualsIfExists"],
        &["2024-05-01"],
        &["2024-05-01T00:00:01Z"],
    ),
    ("aws:SecureTransport", &["Bool", "BoolIfExists"], &["true", "false"], &["true", "false"]),
    ("aws:SourceIp", &["IpAddress", "NotIpAddress"], &["203.0.113.0/24"], &["203.0.113.9", "198.51.100.1"]),
    (
        "aws:SourceArn",
        &["ArnLike", "ArnNotEquals"],
        &["arn:aws:sns:*:111111111111:*", "arn:aws:sns:*:*:${aws:PrincipalTag/team}"],
        &["arn:aws:sns:us-east-1:111111111111:red"],
    ),
    ("aws:TokenIssueTime", &["Null"], &["true", "false"], &["2024-05-01T00:00:00Z"]),
];

/// The multivalued key.
const TAG_KEYS: &str = "aws:TagKeys";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Identity,
    Limit,
    Resource,
    ResourceControl,
    Endpoint,
}

/// Everything the statements of a case are drawn near to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) caller: Caller,
    pub(crate) action: &'static str,
    pub(crate) resource: &'static str,
}

/// How often a statement denies, in a hundred.
pub(crate) const SOMETIMES: u32 = 12;
pub(crate) const NEVER: u32 = 0;
pub(crate) const ALWAYS: u32 = 100;

/// A whole case.
pub(crate) fn case() -> impl Strategy<Value = Value> {
    let caller = prop_oneof![
        6 => Just(USER), 6 => Just(SESSION), 2 => Just(FEDERATED), 1 => Just(ROOT), 1 => Just(SERVICE),
        1 => Just(ANONYMOUS)
    ];
    (caller, select(SCENES)).prop_flat_map(|(caller, (action, resource))| {
        let setting = Setting { caller, action, resource };
        (policies(setting, SOMETIMES), request(setting))
            .prop_map(move |(policies, request)| join(setting, policies, request))
    })
}

pub(crate) fn join(setting: Setting, policies: Map<String, Value>, request: Map<String, Value>) -> Value {
    let mut case = policies;
    case.extend(request);
    let owner = case.get("resource_account").and_then(Value::as_str).unwrap_or(HOME).to_owned();
    case.insert("id".to_owned(), json!("drawn"));
    case.insert("principal".to_owned(), json!(setting.caller.arn));
    case.insert("principal_kind".to_owned(), json!(setting.caller.kind));
    case.insert("action".to_owned(), json!(setting.action));
    case.insert("resource".to_owned(), json!(setting.resource));
    owned(&Value::Object(case), &owner)
}

/// The case with `OWNER` filled in.
fn owned(case: &Value, owner: &str) -> Value {
    serde_json::from_str(&case.to_string().replace("OWNER", owner)).unwrap()
}

/// Context, unknown keys and owner.
pub(crate) fn request(setting: Setting) -> impl Strategy<Value = Map<String, Value>> {
    let keys: Vec<_> = TESTS
        .iter()
        .map(|(key, _, _, values)| {
            prop_oneof![
                2 => Just((*key, json!(null))),
                6 => select(*values).prop_map(move |value| (*key, json!(value))),
                5 => Just((*key, json!("?"))),
            ]
        })
        .collect();
    let tag_keys = prop_oneof![
        1 => Just(json!(null)), 3 => Just(json!("?")),
        4 => subsequence(vec!["env", "team"], 0..=2).prop_map(|keys| json!(keys)),
    ];
    let foreign = prop_oneof![3 => Just(HOME), 1 => Just(ABROAD)];
    (keys, tag_keys, foreign).prop_map(move |(keys, tag_keys, owner)| {
        let mut context = Map::new();
        let mut unknown = Vec::new();
        if setting.caller.kind == "assumed-role" {
            context.insert("aws:PrincipalArn".to_owned(), json!("arn:aws:iam::111111111111:role/app"));
            context.insert("aws:userid".to_owned(), json!("AROAAPP:s1"));
        }
        for (key, value) in keys.into_iter().chain([(TAG_KEYS, tag_keys)]) {
            // A user's credentials with an issue time are those of GetSessionToken, closed to IAM and most of
            // STS: the laws are about policies.
            let plain = key != "aws:TokenIssueTime" || setting.caller.kind == "assumed-role";
            match value.as_str() {
                Some("?") if plain => unknown.push(key),
                _ if value.is_null() || !plain => {}
                _ => {
                    context.insert(key.to_owned(), value);
                }
            }
        }
        let owner = if setting.resource == "*" { HOME } else { owner };
        let mut request = Map::new();
        request.insert("context".to_owned(), Value::Object(context));
        request.insert("unknown_context".to_owned(), json!(unknown));
        request.insert("resource_account".to_owned(), json!(owner));
        request
    })
}

/// The policies of all layers; `denies` of a hundred statements deny.
pub(crate) fn policies(setting: Setting, denies: u32) -> impl Strategy<Value = Map<String, Value>> {
    let kind = setting.caller.kind;
    let own = matches!(kind, "user" | "assumed-role" | "federated-user");
    let of = move |layer| document(setting, layer, denies);
    let identity = vec(of(Layer::Identity), if own { 1..=2 } else { 0..=0 });
    let boundary = perhaps(if own { 25 } else { 0 }, of(Layer::Limit));
    let session = match kind {
        "assumed-role" => 30,
        "federated-user" => 80,
        _ => 0,
    };
    let session = perhaps(session, of(Layer::Limit));
    let resource = perhaps(if setting.resource == "*" { 0 } else { 75 }, of(Layer::Resource));
    let full = || named("FullAWSAccess", everything());
    let level = prop_oneof![
        20 => Just(json!([full()])),
        2 => of(Layer::Limit).prop_map(|limit| json!([named("scp", limit)])),
        3 => of(Layer::Limit).prop_map(move |limit| json!([full(), named("scp", limit)])),
        1 => Just(json!([])),
    ];
    let scps = vec(level, 0..=2);
    let rcps = vec(vec(of(Layer::ResourceControl), 0..=1), 0..=1);
    let endpoint = perhaps(15, of(Layer::Endpoint));
    (identity, boundary, session, resource, scps, rcps, endpoint).prop_map(
        |(identity, boundary, session, resource, scps, rcps, endpoint)| {
            let list = |documents: Vec<Value>| -> Value {
                let numbered = documents.into_iter().enumerate();
                numbered.map(|(n, document)| named(&format!("policy{n}"), document)).collect()
            };
            let one = |document: Option<Value>| document.map_or(Value::Null, |found| named("policy", found));
            let rcps: Value = rcps.into_iter().map(list).collect();
            let fields = [
                ("identity_policies", list(identity)),
                ("permissions_boundary", one(boundary)),
                ("session_policy", one(session)),
                ("resource_policy", one(resource)),
                ("scps", json!(scps)),
                ("rcps", rcps),
                ("vpc_endpoint_policies", list(endpoint.into_iter().collect())),
            ];
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        },
    )
}

/// A value this many times in a hundred.
fn perhaps<S: Strategy>(percent: u32, strategy: S) -> impl Strategy<Value = Option<S::Value>> {
    (0..100_u32, strategy).prop_map(move |(chance, value)| (chance < percent).then_some(value))
}

pub(crate) fn named(name: &str, document: impl Into<Value>) -> Value {
    json!({"name": name, "document": document.into()})
}

/// A policy that allows everything.
pub(crate) fn everything() -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
}

fn document(setting: Setting, layer: Layer, denies: u32) -> impl Strategy<Value = Value> {
    // A resource control policy only denies (PE-TYP-09).
    let denies = if layer == Layer::ResourceControl { ALWAYS } else { denies };
    vec(statement(setting, layer, denies), 1..=2).prop_map(|mut statements| {
        for (number, statement) in statements.iter_mut().enumerate() {
            statement["Sid"] = json!(format!("S{number}"));
        }
        json!({"Version": "2012-10-17", "Statement": statements})
    })
}

/// A statement of a layer's policy, without `Sid`; a Deny tests a condition more often.
pub(crate) fn statement(setting: Setting, layer: Layer, denies: u32) -> impl Strategy<Value = Value> {
    let conditions = prop_oneof![
        9 => Just(Vec::new()),
        10 => vec(condition(), 1),
        1 => vec(condition(), 2),
    ];
    (0..100_u32, action(setting, layer), resource(setting), principal(setting, layer), conditions).prop_map(
        move |(effect, (action_name, actions), (resource_name, resources), principal, conditions)| {
            let mut statement = json!({"Effect": if effect < denies { "Deny" } else { "Allow" }});
            statement[action_name] = actions;
            if !is_trust(setting, layer) {
                statement[resource_name] = resources;
            }
            if let Some(principal) = principal {
                statement["Principal"] = principal;
            }
            for (operator, key, values) in conditions {
                statement["Condition"][operator][key] = values;
            }
            statement
        },
    )
}

/// A role's trust policy names no resource (PE-TYP-04).
fn is_trust(setting: Setting, layer: Layer) -> bool {
    layer == Layer::Resource && setting.resource.starts_with("arn:aws:iam::")
}

fn action(setting: Setting, layer: Layer) -> BoxedStrategy<(&'static str, Value)> {
    let asked = setting.action;
    let service = asked.split(':').next().unwrap_or_default();
    let entry = |text: String| Just(("Action", json!(text)));
    if is_trust(setting, layer) {
        return prop_oneof![
            6 => entry("sts:AssumeRole".to_owned()),
            1 => Just(("Action", json!(["sts:TagSession", "STS:assumerole"]))),
            1 => entry("sts:TagSession".to_owned()),
        ]
        .boxed();
    }
    let whole = if layer == Layer::ResourceControl { format!("{service}:*") } else { "*".to_owned() };
    let negated = if layer == Layer::ResourceControl { "Action" } else { "NotAction" };
    prop_oneof![
        5 => entry(asked.to_owned()),
        4 => entry(format!("{service}:*")),
        4 => entry(whole),
        1 => entry(asked.to_uppercase()),
        1 => Just(("Action", json!(["glue:GetTable", asked]))),
        1 => entry("glue:Get*".to_owned()),
        1 => Just((negated, json!("glue:*"))),
        1 => Just((negated, json!([asked]))),
    ]
    .boxed()
}

fn resource(setting: Setting) -> impl Strategy<Value = (&'static str, Value)> {
    let asked = setting.resource.to_owned();
    let entry = |text: String| Just(("Resource", json!(text)));
    prop_oneof![
        6 => entry("*".to_owned()),
        4 => entry(asked.clone()),
        2 => entry(asked.replace("red", "${aws:PrincipalTag/team}")),
        1 => entry(asked.replace("red", "${aws:RequestTag/env, 'red'}")),
        1 => entry(asked.replace("red", "?ed")),
        1 => Just(("Resource", json!(["arn:aws:s3:::other", asked]))),
        1 => entry("arn:aws:s3:::other/*".to_owned()),
        1 => Just(("NotResource", json!("arn:aws:s3:::other/*"))),
        1 => Just(("NotResource", json!(asked))),
    ]
}

fn principal(setting: Setting, layer: Layer) -> BoxedStrategy<Option<Value>> {
    let chain = setting.caller.chain;
    let aws = |entry: &str| json!({"AWS": entry});
    match layer {
        Layer::Identity | Layer::Limit => Just(None).boxed(),
        Layer::ResourceControl | Layer::Endpoint => Just(Some(json!("*"))).boxed(),
        Layer::Resource => {
            let everyone = Just(Some(aws("*")));
            let other = Just(Some(
                json!({"AWS": ["arn:aws:iam::111111111111:user/carol"], "Service": "x.amazonaws.com"}),
            ));
            match setting.caller.kind {
                "service" => {
                    let own = Just(Some(json!({"Service": setting.caller.arn})));
                    prop_oneof![3 => everyone, 5 => own, 1 => other].boxed()
                }
                "anonymous" => prop_oneof![5 => everyone, 1 => other].boxed(),
                _ => prop_oneof![
                    2 => everyone,
                    8 => select(chain).prop_map(move |entry| Some(aws(entry))),
                    1 => subsequence(chain, 1..=chain.len()).prop_map(|entries| Some(json!({"AWS": entries}))),
                    1 => other,
                ]
                .boxed(),
            }
        }
    }
}

/// Operator, key and values.
fn condition() -> impl Strategy<Value = (&'static str, &'static str, Value)> {
    let plain = select(TESTS).prop_flat_map(|(key, operators, listed, _)| {
        let values = prop_oneof![
            4 => select(listed).prop_map(|value| json!(value)),
            1 => subsequence(listed, 1..=listed.len()).prop_map(|values| json!(values)),
        ];
        (select(operators), Just(key), values)
    });
    let operators =
        &["ForAllValues:StringEquals", "ForAnyValue:StringLike", "ForAnyValue:StringNotEquals", "Null"];
    let tag_keys = select(&operators[..]).prop_flat_map(|operator| {
        let listed: &[&str] = if operator == "Null" { &["true", "false"] } else { &["env", "team", "e*"] };
        (Just(operator), Just(TAG_KEYS), select(listed).prop_map(|value| json!(value)))
    });
    prop_oneof![8 => plain, 1 => tag_keys]
}
