//! Which policies a file holds, and of which kind each most likely is.
//!
//! A file is a policy, a list of policies, or an answer of AWS's that holds some:
//! `get-account-authorization-details`, `get-role`, `get-policy-version` and the like.

use iamsim_policy::json::{Node, Value};
use iamsim_policy::{AccountId, Arn, PolicyKind, ResourceService, Span};

/// A policy in a file.
pub(crate) struct Found<'n, 's> {
    pub(crate) node: &'n Node<'s>,
    /// What it is called inside the file; nothing when it is the file.
    pub(crate) name: String,
    /// Its kind, when its place tells.
    pub(crate) kind: Option<PolicyKind>,
    /// The account it belongs to, when its place tells.
    pub(crate) account: Option<AccountId>,
    /// Whether AWS wrote it.
    pub(crate) aws_owned: bool,
    /// Where it calls a function of a template, whose result nobody knows here.
    pub(crate) function: Option<Span>,
}

/// Every policy of a file, in its order.
pub(crate) fn policies<'n, 's>(root: &'n Node<'s>) -> Vec<Found<'n, 's>> {
    let mut found = Vec::new();
    if is_policy(root) {
        found.push(Found::new(root, String::new()));
    } else if let Value::Array(items) = &root.value {
        for (index, item) in items.iter().enumerate() {
            if is_policy(item) {
                found.push(Found::new(item, (index + 1).to_string()));
            } else {
                walk(item, &Place::default(), &mut found);
            }
        }
    } else {
        walk(root, &Place::default(), &mut found);
    }
    found
}

impl<'n, 's> Found<'n, 's> {
    fn new(node: &'n Node<'s>, name: String) -> Self {
        Self { node, name, kind: None, account: None, aws_owned: false, function: function(node) }
    }
}

/// What the objects around a policy say of it.
#[derive(Clone, Default)]
struct Place {
    name: String,
    account: Option<AccountId>,
    aws_owned: bool,
}

/// The members that hold policies in AWS's answers.
const DOCUMENTS: &[(&str, PolicyKind)] = &[
    ("AssumeRolePolicyDocument", PolicyKind::RoleTrust),
    ("Document", PolicyKind::Identity),
    ("PolicyDocument", PolicyKind::Identity),
];

/// The members that name who a policy belongs to.
const NAMES: &[&str] = &["UserName", "GroupName", "RoleName", "PolicyName", "LogicalId"];

fn walk<'n, 's>(node: &'n Node<'s>, place: &Place, found: &mut Vec<Found<'n, 's>>) {
    match &node.value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, place, found)),
        Value::Object(members) => {
            let text = |key: &str| {
                members.iter().find(|member| member.key == key).and_then(|member| match &member.value.value {
                    Value::String(text) => Some(&**text),
                    _ => None,
                })
            };
            // Earlier versions are history.
            if members
                .iter()
                .any(|member| member.key == "IsDefaultVersion" && member.value.value == Value::Bool(false))
            {
                return;
            }
            let mut place = place.clone();
            if let Some(name) = NAMES.iter().find_map(|name| text(name)) {
                let separator = if place.name.is_empty() { "" } else { "/" };
                place.name = format!("{}{separator}{name}", place.name);
            }
            if let Some(arn) = text("Arn") {
                place.account = arn.parse::<Arn>().ok().and_then(|arn| arn.account()).or(place.account);
                place.aws_owned |= arn.split(':').nth(4) == Some("aws");
            }
            for member in members {
                let document = DOCUMENTS.iter().find(|(name, _)| member.key == *name);
                match document {
                    Some((key, kind)) if matches!(member.value.value, Value::Object(_)) => {
                        let mut name = place.name.clone();
                        if *kind == PolicyKind::RoleTrust {
                            name.push_str(if name.is_empty() { "trust" } else { "/trust" });
                        } else if name.is_empty() {
                            (*key).clone_into(&mut name);
                        }
                        // A `PolicyDocument` in a template can be of any kind.
                        let is_identity = *kind != PolicyKind::RoleTrust && names_principals(&member.value);
                        found.push(Found {
                            kind: (!is_identity).then_some(*kind),
                            account: place.account,
                            aws_owned: place.aws_owned,
                            ..Found::new(&member.value, name)
                        });
                    }
                    _ => walk(&member.value, &place, found),
                }
            }
        }
        _ => {}
    }
}

fn is_policy(node: &Node<'_>) -> bool {
    member(node, "Statement").is_some()
}

fn member<'n, 's>(node: &'n Node<'s>, key: &str) -> Option<&'n Node<'s>> {
    let Value::Object(members) = &node.value else { return None };
    members.iter().find(|member| member.key == key).map(|member| &member.value)
}

/// `{"Ref": …}` or `{"Fn::…": …}`, anywhere inside.
fn function(node: &Node<'_>) -> Option<Span> {
    match &node.value {
        Value::Array(items) => items.iter().find_map(function),
        Value::Object(members) => match members.as_slice() {
            [only] if only.key == "Ref" || only.key.starts_with("Fn::") => Some(node.span),
            members => members.iter().find_map(|member| function(&member.value)),
        },
        _ => None,
    }
}

fn statements<'n, 's>(node: &'n Node<'s>) -> &'n [Node<'s>] {
    member(node, "Statement").map_or(&[], one_or_many)
}

fn one_or_many<'n, 's>(node: &'n Node<'s>) -> &'n [Node<'s>] {
    match &node.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(node),
    }
}

fn texts<'n>(statement: &'n Node<'_>, keys: [&str; 2]) -> Vec<&'n str> {
    let values = keys.into_iter().filter_map(|key| member(statement, key)).flat_map(one_or_many);
    values
        .filter_map(|value| match &value.value {
            Value::String(text) => Some(&**text),
            _ => None,
        })
        .collect()
}

fn names_principals(node: &Node<'_>) -> bool {
    statements(node).iter().any(|statement| {
        member(statement, "Principal").or_else(|| member(statement, "NotPrincipal")).is_some()
    })
}

/// The kind a document most likely is of: what it says first, then what its file is called.
///
/// A document without principals reads the same as an identity-based policy, a boundary or a service control
/// policy; only the name tells.
pub(crate) fn guess(node: &Node<'_>, file: &str) -> PolicyKind {
    let named = |words: &[&str]| {
        let file = file.to_ascii_lowercase().replace(['-', ' ', '.', '/', '\\'], "_");
        let file = format!("_{file}_");
        words.iter().any(|word| file.contains(&format!("_{word}_")))
    };
    let statements = statements(node);
    if !names_principals(node) {
        return if named(&["scp", "scps", "service_control_policy", "service_control_policies"]) {
            PolicyKind::ServiceControl
        } else if named(&["boundary", "permissions_boundary", "boundaries"]) {
            PolicyKind::PermissionsBoundary
        } else if named(&["session", "session_policy"]) {
            PolicyKind::Session
        } else {
            PolicyKind::Identity
        };
    }
    let actions: Vec<String> = statements
        .iter()
        .flat_map(|statement| texts(statement, ["Action", "NotAction"]))
        .map(str::to_ascii_lowercase)
        .collect();
    let has_resources = statements.iter().any(|statement| {
        member(statement, "Resource").or_else(|| member(statement, "NotResource")).is_some()
    });
    let assumes = |action: &String| {
        action.starts_with("sts:assumerole")
            || matches!(&**action, "sts:tagsession" | "sts:setsourceidentity" | "sts:setcontext" | "sts:*")
    };
    if !has_resources && !actions.is_empty() && actions.iter().all(assumes) {
        return PolicyKind::RoleTrust;
    }
    if named(&["rcp", "rcps", "resource_control_policy", "resource_control_policies"]) {
        return PolicyKind::ResourceControl;
    }
    if named(&["endpoint", "endpoints", "endpoint_policy", "endpoint_policies", "vpce"]) {
        return PolicyKind::VpcEndpoint;
    }
    // A resource's own policy that only denies, to everybody and on everything, would be a strange one.
    let controls = |statement: &Node<'_>| {
        texts(statement, ["Effect", "Effect"]).contains(&"Deny")
            && texts(statement, ["Principal", "Principal"]).contains(&"*")
            && texts(statement, ["Resource", "Resource"]).contains(&"*")
    };
    if statements.iter().all(controls) && !actions.iter().all(|action| action.starts_with("kms:")) {
        return PolicyKind::ResourceControl;
    }
    let mut services = actions.iter().filter_map(|action| action.split_once(':')).map(|(service, _)| service);
    let first = services.next();
    let only = first.filter(|first| services.all(|service| service == *first));
    PolicyKind::Resource(match only {
        Some("s3") => ResourceService::S3,
        Some("sqs") => ResourceService::Sqs,
        Some("sns") => ResourceService::Sns,
        Some("lambda") => ResourceService::Lambda,
        Some("kms") => ResourceService::Kms,
        _ => ResourceService::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use iamsim_policy::{Source, json};

    #[test]
    fn a_kind_is_guessed_from_what_a_document_says_and_then_from_its_name() {
        let check = |file: &str, statement: &str, expected: PolicyKind| {
            let source = Source::from(format!(r#"{{"Statement": [{{{statement}}}]}}"#));
            assert_eq!(guess(&json::parse(&source).unwrap(), file), expected, "{file} {statement}");
        };
        let plain = r#""Effect": "Allow", "Action": "s3:*", "Resource": "*""#;
        check("a.json", plain, PolicyKind::Identity);
        check("scp/a.json", plain, PolicyKind::ServiceControl);
        check("service_control_policies/a.json", plain, PolicyKind::ServiceControl);
        check("scpx.json", plain, PolicyKind::Identity);
        check("team-boundary.json", plain, PolicyKind::PermissionsBoundary);
        let trust =
            r#""Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]"#;
        check("scp/a.json", trust, PolicyKind::RoleTrust);
        let bucket = r#""Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#;
        check("a.json", bucket, PolicyKind::Resource(ResourceService::S3));
        check("vpc-endpoint.json", bucket, PolicyKind::VpcEndpoint);
        let control = r#""Effect": "Deny", "Principal": "*", "Action": ["s3:*", "sqs:*"], "Resource": "*""#;
        check("a.json", control, PolicyKind::ResourceControl);
        let mixed = r#""Effect": "Allow", "Principal": "*", "Action": ["s3:*", "sqs:*"], "Resource": "*""#;
        check("a.json", mixed, PolicyKind::Resource(ResourceService::Other));
    }

    #[test]
    fn policies_are_found_in_answers_of_aws_with_names_and_accounts() {
        let source = Source::from(
            r#"{"RoleDetailList": [{"RoleName": "Admin", "Arn": "arn:aws:iam::111122223333:role/Admin",
                "AssumeRolePolicyDocument": {"Statement": []},
                "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": {"Statement": []}}]}],
               "Policies": [{"PolicyName": "P", "Arn": "arn:aws:iam::aws:policy/P", "PolicyVersionList": [
                {"IsDefaultVersion": false, "Document": {"Statement": []}},
                {"IsDefaultVersion": true, "Document": {"Statement": [{"Ref": "x"}]}}]}]}"#,
        );
        let root = json::parse(&source).unwrap();
        let found: Vec<_> = policies(&root)
            .into_iter()
            .map(|found| {
                (found.name, found.kind, found.account.is_some(), found.aws_owned, found.function.is_some())
            })
            .collect();
        let identity = Some(PolicyKind::Identity);
        assert_eq!(
            found,
            [
                ("Admin/trust".to_owned(), Some(PolicyKind::RoleTrust), true, false, false),
                ("Admin/inline".to_owned(), identity, true, false, false),
                ("P".to_owned(), identity, false, true, true),
            ]
        );
    }
}
