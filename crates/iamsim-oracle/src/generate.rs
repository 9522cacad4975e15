//! A deterministic generator of cases in which the layers, operators and principals of the rules meet.
//!
//! The alphabets are small, so that policies and requests touch each other; what a policy says is
//! drawn near the request, so that every decision is frequent. It does not know what a case it made
//! decides, and it keeps away from what the rules leave open (each such place says so).

mod condition;
mod draw;
mod fault;
mod statement;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use draw::Draw;
use statement::Layer;

/// Makes the case with this number in the series of this seed: the same arguments, the same case.
///
/// ```
/// use iamsim_oracle::{decide, generate};
///
/// assert_eq!(generate::case(7, 1), generate::case(7, 1));
/// println!("{}", decide(&generate::case(7, 1)).decision);
/// ```
#[must_use]
pub fn case(seed: u64, index: u64) -> Value {
    let mut draw = Draw::new(seed, index);
    let world = World::draw(&mut draw);
    let mut used = Used::default();
    let mut case = policies(&world, &mut draw, &mut used);
    let mut context = context(&world, &mut draw);
    let unknown = unknown_keys(&world, &used, &mut draw);
    context.retain(|key, _| !unknown.contains(&key.to_lowercase()));
    case.insert("id".to_owned(), json!(format!("generated-{seed}-{index}")));
    case.insert("principal".to_owned(), json!(world.principal));
    case.insert("principal_kind".to_owned(), json!(world.kind));
    case.insert("action".to_owned(), json!(world.action));
    case.insert("resource".to_owned(), json!(world.resource));
    case.insert("resource_account".to_owned(), json!(world.owner));
    if world.resource == "*" && draw.chance(60) {
        case.insert("wildcard_only_action".to_owned(), json!(true));
    }
    case.insert("context".to_owned(), Value::Object(context));
    if !unknown.is_empty() || draw.chance(20) {
        case.insert("unknown_context".to_owned(), json!(unknown));
    }
    if world.blocks_public_access {
        case.insert("service_settings".to_owned(), json!({"s3": {"blockPublicAccess": true}}));
    }
    let mut case = Value::Object(case);
    if draw.chance(3) {
        fault::inject(&mut case, &mut draw);
    }
    case
}

/// Sets a member of an object.
fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// The keys that policies of the case look at, so that some can be made unknown.
#[derive(Debug, Default)]
struct Used {
    keys: BTreeSet<String>,
}

/// Who asks for what.
#[derive(Debug)]
struct World {
    kind: &'static str,
    principal: String,
    /// The account of the caller, or the first one if it has none.
    account: &'static str,
    /// The role's path, for sessions.
    path: &'static str,
    action: String,
    resource: String,
    owner: &'static str,
    trust: bool,
    boundary: bool,
    blocks_public_access: bool,
}

const HOME: &str = "111111111111";
const ABROAD: &str = "222222222222";

/// Actions and their resources; `OWNER` is the owner's account.
const SCENES: [(&str, &str); 38] = [
    ("s3:GetObject", "arn:aws:s3:::bucket/home/alice/x"),
    ("s3:GetObject", "arn:aws:s3:::bucket/red/k"),
    ("s3:PutObject", "arn:aws:s3:::bucket/red/k"),
    ("s3:ListBucket", "arn:aws:s3:::bucket"),
    ("s3:DeleteBucketPolicy", "arn:aws:s3:::bucket"),
    ("s3:ListAllMyBuckets", "*"),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:OWNER:queue"),
    ("sqs:DeleteQueue", "arn:aws:sqs:us-east-1:OWNER:queue"),
    ("sns:Publish", "arn:aws:sns:us-east-1:OWNER:topic"),
    ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:OWNER:function:f:7"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:OWNER:key/1234"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:OWNER:key/1234"),
    ("kms:ScheduleKeyDeletion", "arn:aws:kms:us-east-1:OWNER:key/1234"),
    ("kms:RetireGrant", "arn:aws:kms:us-east-1:OWNER:key/1234"),
    ("ec2:DescribeInstances", "*"),
    ("ec2:StopInstances", "arn:aws:ec2:us-east-1:OWNER:instance/i-1"),
    ("iam:GetRole", "arn:aws:iam::OWNER:role/app"),
    ("iam:PassRole", "arn:aws:iam::OWNER:role/app"),
    ("iam:PassRole", "arn:aws:iam::OWNER:role/aws-reserved/sso.amazonaws.com/admin"),
    ("iam:GetRole", "arn:aws:iam::OWNER:role/aws-reserved/sso.amazonaws.com/admin"),
    ("iam:AttachRolePolicy", "arn:aws:iam::OWNER:role/aws-service-role/x.amazonaws.com/linked"),
    ("iam:TagRole", "arn:aws:iam::OWNER:role/aws-service-role/x.amazonaws.com/linked"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ("iam:ListRoles", "*"),
    ("kms:UpdateAlias", "arn:aws:kms:us-east-1:OWNER:alias/aws/s3"),
    ("kms:CreateKey", "*"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:OWNER:table/red"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:OWNER:secret:db-a1"),
    ("logs:PutLogEvents", "arn:aws:logs:us-east-1:OWNER:log-group:g:log-stream:s"),
    ("sts:GetFederationToken", "arn:aws:sts::OWNER:federated-user/alice"),
    ("sts:AssumeRole", "arn:aws:iam::OWNER:role/target"),
    ("sts:AssumeRole", "arn:aws:iam::OWNER:role/target"),
    ("sts:AssumeRole", "arn:aws:iam::OWNER:role/target"),
    ("sts:TagSession", "arn:aws:iam::OWNER:role/target"),
    ("sts:SetContext", "arn:aws:iam::OWNER:role/target"),
    ("sts:AssumeRoot", "arn:aws:iam::OWNER:root"),
    ("sts:DecodeAuthorizationMessage", "*"),
    ("sts:SetSourceIdentity", "arn:aws:iam::OWNER:role/target"),
];

impl World {
    fn draw(draw: &mut Draw) -> Self {
        let account = if draw.chance(85) { HOME } else { ABROAD };
        let foreign = if account == HOME { ABROAD } else { HOME };
        let (mut action, mut resource) = draw.one_of(&SCENES);
        let service = action.split(':').next().unwrap_or_default();
        let open = matches!(service, "s3" | "sqs" | "sns") && resource != "*";
        let trust = action != "sts:GetFederationToken" && service == "sts";
        // What IAM and STS never do for these callers is soon told.
        let barred = matches!(service, "iam" | "sts") && draw.chance(80);
        let mut path = "";
        let (kind, principal) = match draw.below(100) {
            0..30 => (
                "user",
                format!("arn:aws:iam::{account}:user/{}", draw.word(&["alice", "alice", "team/bob"])),
            ),
            30..72 => {
                path = draw.word(&["", "", "", "team/", "aws-service-role/x.amazonaws.com/"]);
                (
                    "assumed-role",
                    format!("arn:aws:sts::{account}:assumed-role/app/{}", draw.word(&["s1", "s1", "s2"])),
                )
            }
            72..76 => ("role", format!("arn:aws:iam::{account}:role/app")),
            76..82 if !barred => ("federated-user", format!("arn:aws:sts::{account}:federated-user/alice")),
            82..88 if !barred => ("root", format!("arn:aws:iam::{account}:root")),
            88..94 if open || service == "kms" || action == "sts:AssumeRole" => {
                ("service", draw.word(&["sns.amazonaws.com", "lambda.amazonaws.com"]).to_owned())
            }
            94..97 if open => ("anonymous", "*".to_owned()),
            _ if trust => {
                resource = "arn:aws:iam::OWNER:role/target";
                if draw.chance(50) {
                    action = "sts:AssumeRoleWithSAML";
                    ("saml", format!("arn:aws:iam::{account}:saml-provider/corp"))
                } else {
                    action = "sts:AssumeRoleWithWebIdentity";
                    let provider = format!("arn:aws:iam::{account}:oidc-provider/idp.example.com");
                    ("oidc", if draw.chance(80) { provider } else { "accounts.google.com".to_owned() })
                }
            }
            _ => ("user", format!("arn:aws:iam::{account}:user/alice")),
        };
        // Whose account a caller without account is in has no meaning; providers stay at home.
        let at_home =
            resource == "*" || matches!(kind, "oidc" | "saml") || action == "sts:GetFederationToken";
        let owner = if at_home || draw.chance(62) { account } else { foreign };
        if draw.chance(2) && matches!(kind, "user" | "assumed-role" | "root") {
            (action, resource) = (draw.word(&["sts:GetCallerIdentity", "sts:GetSessionToken"]), "*");
        }
        let owner = if resource == "*" { account } else { owner };
        let own = matches!(kind, "user" | "role" | "assumed-role" | "federated-user");
        Self {
            kind,
            principal,
            account,
            path,
            action: if draw.chance(5) { action.to_lowercase() } else { action.to_owned() },
            resource: resource.replace("OWNER", owner),
            owner,
            trust: trust && resource != "*",
            boundary: own && draw.chance(30),
            blocks_public_access: service == "s3" && resource != "*" && draw.chance(15),
        }
    }

    fn service(&self) -> &str {
        self.action.split(':').next().unwrap_or_default()
    }

    fn has_own_policies(&self) -> bool {
        matches!(self.kind, "user" | "role" | "assumed-role" | "federated-user")
    }

    fn is_session(&self) -> bool {
        matches!(self.kind, "role" | "assumed-role")
    }
}

/// The policies of all layers, by field.
fn policies(world: &World, draw: &mut Draw, used: &mut Used) -> Map<String, Value> {
    let mut case = Map::new();
    let mut some = |layer: Layer, draw: &mut Draw, name: String| json!({"name": name, "document": statement::document(layer, world, draw, used)});
    let own = world.has_own_policies();
    let identities = if own { draw.below(3) + usize::from(draw.chance(75)) } else { 0 };
    let identity: Vec<Value> =
        (0..identities).map(|n| some(Layer::Identity, draw, format!("identity{n}"))).collect();
    case.insert("identity_policies".to_owned(), json!(identity));
    let boundary =
        if world.boundary { some(Layer::Boundary, draw, "boundary".to_owned()) } else { Value::Null };
    case.insert("permissions_boundary".to_owned(), boundary);
    let session = match world.kind {
        "role" | "assumed-role" => draw.chance(30),
        "federated-user" => draw.chance(75),
        _ => false,
    };
    let session = if session { some(Layer::Session, draw, "session".to_owned()) } else { Value::Null };
    case.insert("session_policy".to_owned(), session);
    let resource = if world.resource == "*" {
        Value::Null
    } else if world.trust || matches!(world.service(), "iam") {
        // Also where IAM leaves the trust policy out (PE-APP-04).
        if draw.chance(92) { some(Layer::Trust, draw, "trust".to_owned()) } else { Value::Null }
    } else if draw.chance(if own && world.owner == world.account { 60 } else { 90 }) {
        some(Layer::Resource, draw, "resource".to_owned())
    } else {
        Value::Null
    };
    case.insert("resource_policy".to_owned(), resource);

    let levels = if draw.chance(45) { draw.below(3) + 1 } else { 0 };
    let mut scps = Vec::new();
    for _ in 0..levels {
        let mut level = Vec::new();
        if draw.chance(82) {
            level.push(json!({"name": "FullAWSAccess", "document": {"Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}));
        } else if draw.chance(90) {
            level.push(some(Layer::ScpAllow, draw, "scp-allow".to_owned()));
        }
        if draw.chance(25) {
            level.push(some(Layer::ScpDeny, draw, "scp-deny".to_owned()));
        }
        scps.push(level);
    }
    case.insert("scps".to_owned(), json!(scps));
    let levels = if draw.chance(45) { draw.below(3) + 1 } else { 0 };
    let mut rcps = Vec::new();
    for _ in 0..levels {
        let level = if draw.chance(45) { vec![some(Layer::Rcp, draw, "rcp".to_owned())] } else { Vec::new() };
        rcps.push(level);
    }
    case.insert("rcps".to_owned(), json!(rcps));
    let endpoint =
        if draw.chance(15) { vec![some(Layer::Endpoint, draw, "endpoint".to_owned())] } else { Vec::new() };
    case.insert("vpc_endpoint_policies".to_owned(), json!(endpoint));
    case
}

/// The request context: the keys that AWS fills for such a caller, and some of the request's own.
fn context(world: &World, draw: &mut Draw) -> Map<String, Value> {
    let mut context = Map::new();
    let mut put = |chance: usize, key: &str, value: Value, draw: &mut Draw| {
        if draw.chance(chance) {
            let key = if draw.chance(5) { key.to_lowercase() } else { key.to_owned() };
            context.insert(key, value);
        }
    };
    let account = world.account;
    let tail = world.principal.rsplit('/').next().unwrap_or_default().to_owned();
    match world.kind {
        "user" => {
            put(95, "aws:PrincipalArn", json!(world.principal), draw);
            put(90, "aws:username", json!(tail), draw);
            put(90, "aws:userid", json!(statement::USER_ID), draw);
        }
        "assumed-role" | "role" => {
            // Without this key a role has no path; the other way about would be a contradiction.
            let sure = if world.path.is_empty() { 85 } else { 100 };
            put(
                sure,
                "aws:PrincipalArn",
                json!(format!("arn:aws:iam::{account}:role/{}app", world.path)),
                draw,
            );
            let session = if world.kind == "role" { "s1" } else { &tail };
            put(90, "aws:userid", json!(format!("{}:{session}", statement::ROLE_ID)), draw);
        }
        "federated-user" => {
            put(95, "aws:PrincipalArn", json!(world.principal), draw);
            put(90, "aws:userid", json!(format!("{account}:{tail}")), draw);
        }
        "root" => put(95, "aws:PrincipalArn", json!(world.principal), draw),
        "service" => {
            put(90, "aws:PrincipalIsAWSService", json!("true"), draw);
            put(70, "aws:SourceAccount", json!(HOME), draw);
        }
        _ => {}
    }
    if world.kind != "service" && world.kind != "anonymous" {
        put(90, "aws:PrincipalAccount", json!(account), draw);
        put(60, "aws:PrincipalOrgID", json!(draw.word(&["o-1", "o-1", "o-2"])), draw);
        put(60, "aws:PrincipalOrgPaths", json!([draw.word(&["o-1/r-1/", "o-1/r-1/ou-a/"])]), draw);
        put(60, "aws:PrincipalTag/team", json!(draw.word(&["red", "red", "blue", "", "r*d", "Red"])), draw);
    }
    // Credentials of GetSessionToken, as a case shows them: issue time and MFA state together.
    if world.kind == "user" && draw.chance(25) {
        put(100, "aws:TokenIssueTime", json!("2024-05-01T10:00:00Z"), draw);
        put(100, "aws:MultiFactorAuthPresent", json!(draw.word(&["true", "false"])), draw);
        put(50, "aws:MultiFactorAuthAge", json!(draw.word(&["60", "7200"])), draw);
    } else if world.is_session() {
        put(80, "aws:TokenIssueTime", json!("2024-05-01T10:00:00Z"), draw);
        put(80, "aws:MultiFactorAuthPresent", json!("false"), draw);
        put(20, "aws:SourceIdentity", json!(draw.word(&["alice", "bob"])), draw);
    }
    put(40, "aws:ResourceTag/team", json!(draw.word(&["red", "blue", "", "RED"])), draw);
    put(8, "aws:ViaAWSService", json!(draw.word(&["true", "false"])), draw);
    put(40, "aws:RequestTag/env", json!(draw.word(&["prod", "dev", ""])), draw);
    let tag_keys: &[&[&str]] = &[&[], &["env"], &["team"], &["env", "team"], &["env", "env2"]];
    put(50, "aws:TagKeys", json!(draw.one_of(tag_keys)), draw);
    put(15, "aws:CalledVia", json!(["athena.amazonaws.com", "cloudformation.amazonaws.com"]), draw);
    put(70, "aws:SecureTransport", json!(draw.word(&["true", "true", "false", "TRUE"])), draw);
    let addresses =
        ["203.0.113.7", "203.0.113.200", "198.51.100.4", "2001:db8::1", "2001:0DB8:0:0::2", "hidden"];
    put(60, "aws:SourceIp", json!(draw.word(&addresses)), draw);
    put(25, "aws:SourceVpce", json!(draw.word(&["vpce-1", "vpce-2"])), draw);
    let times = ["2024-05-01T12:00:00Z", "2024-01-01T00:00:00Z", "2024-05-01T14:00:00.5+02:00", "now"];
    put(60, "aws:CurrentTime", json!(draw.word(&times)), draw);
    put(40, "aws:EpochTime", json!(draw.word(&["1714564800", "1704067200"])), draw);
    put(60, "aws:RequestedRegion", json!(draw.word(&["us-east-1", "eu-west-1"])), draw);
    let sources =
        ["arn:aws:sns:us-east-1:111111111111:topic", "arn:aws:x:us-east-2:999999999999:s/a:111111111111:t"];
    put(40, "aws:SourceArn", json!(draw.word(&sources)), draw);
    put(40, "s3:prefix", json!(draw.word(&["", "home/", "home/alice/x", "red"])), draw);
    put(40, "s3:max-keys", json!(draw.word(&["9", "10", "1.0", "-1", "ten"])), draw);
    put(30, "example:Digest", json!(draw.word(&["QUJD", "QQ==", "QUI="])), draw);
    if world.service() == "sts" {
        put(60, "sts:ExternalId", json!(draw.word(&["x", "x", "X", "a*b"])), draw);
        put(70, "sts:RoleSessionName", json!(draw.word(&["alice", "build"])), draw);
    }
    if matches!(world.kind, "oidc") {
        put(90, "idp.example.com:sub", json!(draw.word(&["repo:org/a", "repo:other/a"])), draw);
    }
    context
}

/// Keys whose values are withheld; mostly such as policies look at.
fn unknown_keys(world: &World, used: &Used, draw: &mut Draw) -> BTreeSet<String> {
    let mut unknown = BTreeSet::new();
    if !draw.chance(55) {
        return unknown;
    }
    let mut candidates: Vec<String> = used.keys.iter().cloned().collect();
    // Keys that tell of the caller what no condition asks for.
    if world.is_session() && draw.chance(5) {
        candidates.push("aws:principalarn".to_owned());
    }
    if world.has_own_policies() && draw.chance(3) {
        candidates.push("aws:userid".to_owned());
    }
    if matches!(world.service(), "iam" | "sts") && draw.chance(20) {
        let telling =
            ["aws:tokenissuetime", "aws:multifactorauthpresent", "aws:viaawsservice", "aws:sourceidentity"];
        candidates.push(draw.word(&telling).to_owned());
    }
    for _ in 0..=draw.below(3) {
        if let Some(key) = candidates.get(draw.below(candidates.len().max(1))) {
            unknown.insert(key.clone());
        }
    }
    if draw.chance(10) {
        unknown.insert("example:never-used".to_owned());
    }
    unknown
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::case;
    use crate::{Word, decide, has_repeated_names};

    #[test]
    fn decisions_are_well_spread() {
        const CASES: u64 = 4_000;
        let mut counts: BTreeMap<Word, u64> = BTreeMap::new();
        for index in 0..CASES {
            *counts.entry(decide(&case(3, index)).decision).or_default() += 1;
        }
        let percent = |word: Word| counts.get(&word).copied().unwrap_or_default() * 100 / CASES;
        for word in [Word::Allowed, Word::ExplicitlyDenied, Word::ImplicitlyDenied, Word::Undetermined] {
            assert!(percent(word) >= 8, "{word}: {counts:?}");
        }
        assert!((1..=5).contains(&percent(Word::InvalidInput)), "{counts:?}");
    }

    #[test]
    fn every_layer_decides_often() {
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for index in 0..6_000 {
            *reasons.entry(decide(&case(5, index)).reason).or_default() += 1;
        }
        for layer in ["boundary", "session", "identity", "resource", "scp", "rcp", "endpoint"] {
            for kind in ["explicit deny", "implicit deny"] {
                // An RCP level always allows (PE-RCP-04), so it never denies in silence.
                if (kind, layer) != ("implicit deny", "rcp") {
                    let count = reasons.get(&format!("{kind}: {layer}")).copied().unwrap_or_default();
                    assert!(count >= 10, "{kind}: {layer} {count} times in {reasons:?}");
                }
            }
        }
    }

    #[test]
    fn a_broken_case_is_the_only_kind_that_is_refused() {
        // Faults come in about three of a hundred; more would mean that a good case is refused.
        let refused = (0..3_000).filter(|&n| decide(&case(11, n)).decision == Word::InvalidInput).count();
        assert!((40..160).contains(&refused), "{refused}");
    }

    #[test]
    fn one_number_makes_one_case() {
        for index in 0..200 {
            assert_eq!(case(1, index), case(1, index));
            assert_ne!(case(1, index), case(2, index));
            assert!(!has_repeated_names(&case(1, index).to_string()));
        }
    }

    fn unknown_of(case: &Value) -> Vec<String> {
        let keys = case.get("unknown_context").and_then(Value::as_array);
        keys.into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn no_value_of_an_unknown_key_contradicts_a_determined_answer() {
        let values =
            [json!(null), json!(""), json!("red"), json!("10"), json!("true"), json!([]), json!(["env"])];
        for index in 0..2_000 {
            let unsure = case(13, index);
            let (answer, keys) = (decide(&unsure), unknown_of(&unsure));
            if answer.decision == Word::Undetermined || keys.is_empty() {
                continue;
            }
            for value in &values {
                let mut sure = unsure.clone();
                sure["unknown_context"] = json!([]);
                for key in keys.iter().filter(|_| !value.is_null()) {
                    sure["context"][key] = value.clone();
                }
                assert_eq!(decide(&sure).decision, answer.decision, "{value} in {unsure}");
            }
        }
    }

    #[test]
    fn an_undetermined_answer_names_some_of_the_unknown_keys() {
        for index in 0..2_000 {
            let unsure = case(17, index);
            let (answer, keys) = (decide(&unsure), unknown_of(&unsure));
            assert!(answer.keys.iter().all(|key| keys.contains(key)), "{unsure}");
            // Which session of a role, or which user, asks is no matter of keys; nor is a canonical id.
            let nameless = matches!(unsure["principal_kind"].as_str(), Some("role" | "federated-user"))
                || unsure.to_string().contains("CanonicalUser");
            let undetermined = answer.decision == Word::Undetermined;
            assert_eq!(
                answer.keys.is_empty(),
                !undetermined || (nameless && answer.keys.is_empty()),
                "{unsure}"
            );
        }
    }
}
