//! Draws policy documents for each layer, near the request they will be asked about.
//!
//! It keeps away from what a kind of policy forbids and from what the rules leave open: principals
//! with wildcards, canonical ids, session names for a caller whose session has none, short ARNs
//! outside identity policies, `*` for a service or an anonymous caller at a role's door.

use serde_json::{Value, json};

use super::draw::Draw;
use super::{ABROAD, HOME, Used, World, condition, put};

/// The unique id of every user in these cases.
pub(crate) const USER_ID: &str = "AIDAEXAMPLEUSER00001";
/// The unique id of every role.
pub(crate) const ROLE_ID: &str = "AROAEXAMPLEROLE00001";

/// What kind of document is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Layer {
    Identity,
    Boundary,
    Session,
    Resource,
    Trust,
    ScpAllow,
    ScpDeny,
    Rcp,
    Endpoint,
}

impl Layer {
    fn is_identity_like(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Session)
    }

    /// How many of a hundred statements deny.
    fn denying(self) -> usize {
        match self {
            Self::ScpAllow => 0,
            Self::ScpDeny | Self::Rcp => 100,
            Self::Boundary | Self::Session | Self::Endpoint => 12,
            Self::Identity | Self::Resource | Self::Trust => 17,
        }
    }
}

/// Draws a document with one to three statements.
pub(crate) fn document(layer: Layer, world: &World, draw: &mut Draw, used: &mut Used) -> Value {
    let version = match layer {
        Layer::ScpAllow | Layer::ScpDeny | Layer::Rcp => Some("2012-10-17"),
        _ => match draw.below(12) {
            0 => None,
            1 => Some("2008-10-17"),
            _ => Some("2012-10-17"),
        },
    };
    let count = match draw.below(10) {
        0..6 => 1,
        6..9 => 2,
        _ => 3,
    };
    let statements: Vec<Value> = (0..count).map(|n| statement(layer, n, world, draw, used)).collect();
    let mut document = json!({});
    if let Some(version) = version {
        put(&mut document, "Version", json!(version));
    }
    if draw.chance(5) && !matches!(layer, Layer::Session | Layer::ScpAllow | Layer::ScpDeny | Layer::Rcp) {
        put(&mut document, "Id", json!("id"));
    }
    let statements = match statements.as_slice() {
        [only] if draw.chance(50) => only.clone(),
        _ => json!(statements),
    };
    put(&mut document, "Statement", statements);
    document
}

fn statement(layer: Layer, number: usize, world: &World, draw: &mut Draw, used: &mut Used) -> Value {
    let mut statement = json!({});
    match draw.below(4) {
        0 => put(&mut statement, "Sid", json!("")),
        // Free text is known to be legal in these services' policies only (PE-DOC-14).
        1 if layer == Layer::Resource && matches!(world.service(), "s3" | "sqs") => {
            put(&mut statement, "Sid", json!(format!("any text {number}")));
        }
        1 => put(&mut statement, "Sid", json!(format!("S{number}"))),
        _ => {}
    }
    let deny = draw.chance(layer.denying());
    put(&mut statement, "Effect", json!(if deny { "Deny" } else { "Allow" }));
    principal(&mut statement, layer, deny, world, draw);
    action(&mut statement, layer, deny, world, draw);
    if layer != Layer::Trust {
        resource(&mut statement, deny, world, draw, used);
    }
    if draw.chance(if deny { 75 } else { 40 }) {
        let condition = condition(&statement, layer, deny, world, draw, used);
        put(&mut statement, "Condition", condition);
    } else if draw.chance(3) {
        put(&mut statement, "Condition", json!({}));
    }
    statement
}

/// A condition; under Block Public Access only such as leave no doubt whether the policy is public.
fn condition(
    statement: &Value,
    layer: Layer,
    deny: bool,
    world: &World,
    draw: &mut Draw,
    used: &mut Used,
) -> Value {
    let named = statement.get("Principal");
    let to_everyone = [named, named.and_then(|map| map.get("AWS"))].contains(&Some(&json!("*")));
    if world.blocks_public_access && layer == Layer::Resource && !deny && to_everyone {
        used.keys.insert("aws:principalorgid".to_owned());
        return json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    }
    if layer == Layer::Rcp && draw.chance(40) {
        used.keys.insert("aws:principalorgid".to_owned());
        used.keys.insert("aws:principalisawsservice".to_owned());
        return json!({
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        });
    }
    condition::block(draw, used, world.service())
}

/// One entry bare, or several in a list.
fn one_or_list(entries: &[String], draw: &mut Draw) -> Value {
    match entries {
        [only] if draw.chance(60) => json!(only),
        _ => json!(entries),
    }
}

fn action(statement: &mut Value, layer: Layer, deny: bool, world: &World, draw: &mut Draw) {
    let hit = draw.chance(if deny { 70 } else { 88 });
    let negated = draw.chance(12) && !matches!(layer, Layer::Rcp | Layer::Trust);
    // An entry that hits excludes the action from a negated element.
    let first = action_entry(hit != negated, layer, world, draw);
    let mut entries = vec![first];
    if draw.chance(30) && !negated {
        entries.push(action_entry(false, layer, world, draw));
    }
    let name = if negated { "NotAction" } else { "Action" };
    put(statement, name, one_or_list(&entries, draw));
}

fn action_entry(hit: bool, layer: Layer, world: &World, draw: &mut Draw) -> String {
    let service = world.service();
    let name = world.action.split(':').nth(1).unwrap_or_default();
    let start: String = name.chars().take(3).collect();
    let rest: String = name.chars().skip(1).collect();
    if layer == Layer::Trust {
        let asked = if service == "sts" { world.action.as_str() } else { "sts:AssumeRole" };
        return match (hit, draw.below(4)) {
            (true, 0) => asked.to_uppercase(),
            (true, 1) if asked.to_lowercase().starts_with("sts:assume") => "sts:AssumeRole*".to_owned(),
            (true, _) => asked.to_owned(),
            (false, _) if asked.eq_ignore_ascii_case("sts:TagSession") => "sts:SetSourceIdentity".to_owned(),
            (false, _) => "sts:TagSession".to_owned(),
        };
    }
    let whole = layer != Layer::Rcp;
    match (hit, draw.below(9)) {
        (true, 0) if whole => "*".to_owned(),
        (true, 1) if whole && layer.is_identity_like() => "*:*".to_owned(),
        (true, 2 | 3) => format!("{service}:*"),
        (true, 4) => format!("{service}:{start}*"),
        (true, 5) => format!("{service}:?{rest}"),
        (true, 6) => world.action.to_uppercase(),
        (true, _) => world.action.clone(),
        (false, 0) if layer.is_identity_like() => format!("{service}:{start} {rest}"), // PE-ACT-06
        (false, 1) if layer.is_identity_like() => format!("{service}:${{username}}"),  // PE-ACT-07
        (false, 2) => format!("{service}:{name}?"),
        (false, 3) => format!("{service}:Tag*x"),
        (false, _) => "glue:Get*".to_owned(),
    }
}

fn resource(statement: &mut Value, deny: bool, world: &World, draw: &mut Draw, used: &mut Used) {
    let hit = draw.chance(if deny { 72 } else { 90 });
    let negated = draw.chance(12);
    let mut entries = vec![resource_entry(hit != negated, world, draw)];
    if draw.chance(25) && !negated {
        entries.push(resource_entry(false, world, draw));
    }
    used.keys.extend(entries.iter().flat_map(|entry| condition::keys_in(entry)));
    let name = if negated { "NotResource" } else { "Resource" };
    put(statement, name, one_or_list(&entries, draw));
}

fn resource_entry(hit: bool, world: &World, draw: &mut Draw) -> String {
    let asked = world.resource.as_str();
    let iam = world.service() == "iam" || world.service() == "sts";
    let elsewhere = if iam { "arn:aws:iam::111111111111:user/nobody" } else { "arn:aws:s3:::other/*" };
    if asked == "*" {
        // Only the lone `*` covers a request without resource; one action stands for an ARN (PE-RES-14).
        let lists_buckets = world.action.eq_ignore_ascii_case("s3:ListAllMyBuckets");
        return match (hit, draw.below(4)) {
            (true, 0) if lists_buckets => "arn:aws:s3:::*".to_owned(),
            (true, _) => "*".to_owned(),
            (false, 0) if lists_buckets => "arn:aws:s3:::b*".to_owned(),
            (false, _) => "arn:aws:ec2:*:*:instance/*".to_owned(),
        };
    }
    let mut parts = asked.splitn(6, ':');
    let head: Vec<&str> = parts.by_ref().take(5).collect();
    let (head, tail) = (head.join(":"), parts.next().unwrap_or_default());
    let kind = tail.split_inclusive(['/', ':']).next().unwrap_or_default();
    let last: String = tail.chars().last().into_iter().collect();
    let but_last: String = tail.chars().take(tail.chars().count().saturating_sub(1)).collect();
    if hit {
        return match draw.below(12) {
            4 | 5 => "*".to_owned(),
            6 => format!("{head}:{but_last}?"),
            7 if !tail.contains('/') || kind.len() < tail.len() => format!("{head}:{kind}*"),
            8 => format!("{head}:{but_last}*"),
            9 if !iam => asked.replacen("arn:aws:", "arn:*:", 1),
            10 if tail.contains("alice") => asked.replace("alice", "${aws:username}"),
            10 if tail.contains("red") => asked.replace("red", draw.word(&RED_VARIABLES)),
            11 if tail.contains("red") => asked.replace("red", "r*d"),
            11 if !iam => format!("{}{}", short(asked), draw.word(&["", ":*", "*"])),
            _ => asked.to_owned(),
        };
    }
    match draw.below(9) {
        1 => format!("{head}:{but_last}"),
        2 => asked.replacen("arn:aws:", "arn:aws-cn:", 1),
        3 if tail.contains("red") => asked.replace("red", "${aws:PrincipalTag/team}"),
        3 if tail.contains("alice") => asked.replace("alice", "${aws:TagKeys}"), // PE-VAR-06
        4 => format!("{head}:{but_last}${{*}}"),                                 // PE-VAR-05
        5 if !iam => asked.replacen("us-east-1", "${aws:RequestedRegion}", 1).replacen(
            ":::",
            "::${aws:PrincipalAccount}:",
            1,
        ), // PE-RES-15
        6 => format!("{head}:{but_last}{}", last.to_uppercase()),                // PE-RES-08
        7 => format!("{asked}/more"),
        _ => elsewhere.to_owned(),
    }
}

const RED_VARIABLES: [&str; 4] = [
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/team, 'red'}",
    "${AWS:principaltag/TEAM}",
    "${aws:ResourceTag/team}",
];

/// The first three parts of an ARN (PE-RES-07).
fn short(arn: &str) -> String {
    arn.split(':').take(3).collect::<Vec<_>>().join(":")
}

fn principal(statement: &mut Value, layer: Layer, deny: bool, world: &World, draw: &mut Draw) {
    match layer {
        Layer::Identity | Layer::Boundary | Layer::Session | Layer::ScpAllow | Layer::ScpDeny => {}
        Layer::Rcp => put(statement, "Principal", json!("*")),
        Layer::Endpoint => {
            let named = match draw.below(10) {
                0 => json!({"AWS": world.account}),
                1 => json!({"AWS": "*"}),
                _ => json!("*"),
            };
            put(statement, "Principal", named);
        }
        // Whether such an Allow makes a bucket policy public is nowhere said (PE-S3-03).
        Layer::Resource if draw.chance(12) && !world.blocks_public_access => {
            let chain = chain(world);
            let mut listed: Vec<String> = chain.into_iter().filter(|_| draw.chance(75)).collect();
            // An empty list is left out: its meaning under NotPrincipal is not settled (PE-TYP-12).
            if draw.chance(25) || listed.is_empty() {
                listed.push(format!("arn:aws:iam::{}:user/other", world.account));
            }
            let listed = if world.kind == "service" && draw.chance(50) {
                json!({"Service": world.principal})
            } else if !world.boundary && draw.chance(6) {
                json!("*")
            } else {
                json!({"AWS": listed})
            };
            put(statement, "NotPrincipal", listed);
        }
        Layer::Resource | Layer::Trust => {
            let hit = draw.chance(if deny { 70 } else { 85 });
            put(statement, "Principal", named(hit, layer, world, draw));
        }
    }
}

/// The elements of the caller's chain, outermost first (PE-NP-02).
fn chain(world: &World) -> Vec<String> {
    let account = world.account;
    let root = format!("arn:aws:iam::{account}:root");
    match world.kind {
        "user" => vec![root, world.principal.clone()],
        "role" => vec![account.to_owned(), format!("arn:aws:iam::{account}:role/app")],
        "assumed-role" => {
            vec![root, format!("arn:aws:iam::{account}:role/{}app", world.path), world.principal.clone()]
        }
        "federated-user" => vec![root, format!("arn:aws:iam::{account}:user/alice"), world.principal.clone()],
        _ => vec![root],
    }
}

fn named(hit: bool, layer: Layer, world: &World, draw: &mut Draw) -> Value {
    let account = world.account;
    let everyone = |draw: &mut Draw| {
        if layer == Layer::Trust || draw.chance(50) { json!({"AWS": "*"}) } else { json!("*") }
    };
    if layer == Layer::Resource && world.service() == "s3" && draw.chance(2) {
        return json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}); // PE-PRN-15
    }
    if !hit {
        return match draw.below(6) {
            0 => json!({"AWS": format!("arn:aws:iam::{account}:user/other")}),
            1 => json!({"AWS": format!("arn:aws-cn:iam::{account}:root")}), // PE-PRN-16
            2 => json!({"AWS": format!("arn:aws:sts::{account}:assumed-role/other/s1")}),
            3 => json!({"Service": "ec2.amazonaws.com"}),
            4 => json!({"AWS": []}), // PE-TYP-12
            _ => json!({"AWS": if account == HOME { ABROAD } else { HOME }}),
        };
    }
    match world.kind {
        "service" if layer == Layer::Trust || draw.chance(75) => {
            json!({"Service": [world.principal, "ec2.amazonaws.com"]})
        }
        "oidc" | "saml" if draw.chance(85) => json!({"Federated": world.principal}),
        "service" | "anonymous" | "oidc" | "saml" => everyone(draw),
        _ => {
            let root = format!("arn:aws:iam::{account}:root");
            let outer = if draw.chance(50) { root } else { account.to_owned() };
            let middle = match world.kind {
                "user" => world.principal.clone(),
                "federated-user" => format!("arn:aws:iam::{account}:user/alice"),
                "root" => outer.clone(),
                _ => format!("arn:aws:iam::{account}:role/{}app", world.path),
            };
            let inner = match world.kind {
                // Which session a bare role acts in is not known, so none is named.
                "role" => middle.clone(),
                _ => world.principal.clone(),
            };
            match draw.below(20) {
                0..3 => everyone(draw),
                3..7 => json!({"AWS": outer}),
                7..11 => json!({"AWS": middle}),
                11..15 => json!({"AWS": inner}),
                15 => json!({"AWS": [middle, inner]}), // PE-RBP-16
                16 => {
                    json!({"AWS": [outer, "arn:aws:iam::333333333333:root"], "Service": "ec2.amazonaws.com"})
                }
                17 if matches!(world.kind, "user" | "role" | "assumed-role") => {
                    json!({"AWS": if world.kind == "user" { USER_ID } else { ROLE_ID }}) // PE-PRN-09
                }
                // A path that is not the role's (PE-PRN-06).
                18 => json!({"AWS": format!("arn:aws:iam::{account}:role/elsewhere/app")}),
                _ => json!({"AWS": [outer, inner]}),
            }
        }
    }
}
