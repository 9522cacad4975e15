//! The decision: one three-valued formula over all policies of a case (5.2).
//!
//! It does not read documents and knows no reasons finer than a layer's name. The rules of single
//! services stand here as short lists; what no list and no rule names is an ordinary action.

use crate::case::{Case, SIDE};
use crate::condition::all_hold;
use crate::document::{Condition, Document, Effect, Kind, Statement, Who};
use crate::matching::{action_applies, resource_applies};
use crate::principal::{CallerKind, Grade, is_service_linked, named, not_named};
use crate::truth::Truth;
use crate::{Answer, Word};

/// The services whose resources RCPs bind, by action prefix (PE-RCP-02).
const RCP_SERVICES: [&str; 12] = [
    "s3",
    "sts",
    "kms",
    "sqs",
    "secretsmanager",
    "ecr",
    "aoss",
    "cognito-idp",
    "cognito-identity",
    "cognito-sync",
    "logs",
    "dynamodb",
];

/// The KMS operations that work on a key of another account (PE-KMS-09).
const KMS_ACROSS_ACCOUNTS: [&str; 20] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListGrants",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
];

/// The SQS actions that no policy opens to another account (PE-SQS-03).
const SQS_WITHIN_ACCOUNT: [&str; 12] = [
    "sqs:AddPermission",
    "sqs:CancelMessageMoveTask",
    "sqs:CreateQueue",
    "sqs:DeleteQueue",
    "sqs:ListMessageMoveTasks",
    "sqs:ListQueues",
    "sqs:ListQueueTags",
    "sqs:RemovePermission",
    "sqs:SetQueueAttributes",
    "sqs:StartMessageMoveTask",
    "sqs:TagQueue",
    "sqs:UntagQueue",
];

/// Changes to a managed policy, which AWS's own policies do not take (PE-IAM-01).
const POLICY_CHANGES: [&str; 6] = [
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
];

/// Changes to a role, which reserved roles do not take (PE-IAM-01).
const ROLE_CHANGES: [&str; 12] = [
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
];

/// Changes to the policies and the trust of a role, which service-linked roles do not take (PE-SLR-01).
const ROLE_POLICY_CHANGES: [&str; 7] = [
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
];

/// Answers a case that was read.
pub(crate) fn decide(case: &Case) -> Answer {
    match needs_no_permission(case) {
        Truth::True => return answer(Word::Allowed, "the action needs no permission"),
        Truth::Unknown(keys) => {
            return undetermined(keys.into_iter().collect(), "whether the action needs permission");
        }
        Truth::False => {}
    }
    match refused(case) {
        Truth::True => answer(Word::ImplicitlyDenied, "no policy can allow this"),
        Truth::False => judge(case),
        Truth::Unknown(mut keys) => {
            let mut otherwise = judge(case);
            if otherwise.decision != Word::ImplicitlyDenied {
                keys.extend(otherwise.keys);
                otherwise = undetermined(keys.into_iter().collect(), "whether any policy can allow this");
            }
            otherwise
        }
    }
}

fn answer(decision: Word, reason: &str) -> Answer {
    Answer { decision, keys: Vec::new(), reason: reason.to_owned() }
}

fn undetermined(keys: Vec<String>, reason: &str) -> Answer {
    Answer { decision: Word::Undetermined, keys, reason: reason.to_owned() }
}

/// Tells whether the call succeeds whatever policies say: a signed caller may learn who it is
/// (PE-SES-09), and long-term keys may fetch a session token (PE-SES-07).
fn needs_no_permission(case: &Case) -> Truth {
    let kind = case.caller.kind;
    let signed = !matches!(kind, CallerKind::Anonymous | CallerKind::Oidc | CallerKind::Saml);
    if signed && case.action_is(&["sts:GetCallerIdentity"]) {
        return Truth::True;
    }
    if matches!(kind, CallerKind::User | CallerKind::Root) && case.action_is(&["sts:GetSessionToken"]) {
        return on_session_token(case).not();
    }
    Truth::False
}

/// Tells whether a user or root user acts with credentials of GetSessionToken: only temporary
/// credentials have an issue time (PE-KEY-24). A call that a service forwards runs on temporary
/// credentials of the service's making (PE-MFA-04).
fn on_session_token(case: &Case) -> Truth {
    if !matches!(case.caller.kind, CallerKind::User | CallerKind::Root) {
        return Truth::False;
    }
    let issued = condition("Null", "aws:TokenIssueTime", "false");
    let direct = condition("StringEqualsIgnoreCase", "aws:ViaAWSService", "true");
    holds(case, issued).and(holds(case, direct).not())
}

fn condition(operator: &str, key: &str, value: &str) -> Option<Condition> {
    let operator = crate::condition::Operator::read(operator)?;
    Some(Condition { operator, key: key.to_owned(), values: vec![value.to_owned()] })
}

fn holds(case: &Case, condition: Option<Condition>) -> Truth {
    condition.map_or(Truth::False, |condition| all_hold(&[condition], false, &case.context))
}

/// Requests that fail before any policy is looked at (the fixed rules of 5.2).
fn refused(case: &Case) -> Truth {
    let kind = case.caller.kind;
    let service = case.service();
    let resource = case.resource.as_ref();
    let foreign = case.caller.account().is_some_and(|account| account != case.owner());
    let certain = match kind {
        // PE-SES-06
        CallerKind::FederatedUser => service == "iam" || service == "sts",
        // PE-SES-08
        CallerKind::Role | CallerKind::AssumedRole => {
            case.action_is(&["sts:GetFederationToken", "sts:GetSessionToken"])
        }
        // PE-STS-07
        CallerKind::Root => case.asks_for_trust(),
        _ => false,
    } || (foreign && case.asks_for_key() && !case.action_is(&KMS_ACROSS_ACCOUNTS)) // PE-KMS-09
        || (foreign && case.action_is(&SQS_WITHIN_ACCOUNT)) // PE-SQS-03
        || resource.is_some_and(|arn| {
            let iam_policy = arn.service == "iam" && arn.account == "aws";
            let reserved = arn.service == "iam" && arn.resource.starts_with("role/aws-reserved/");
            let linked = arn.service == "iam" && arn.resource.starts_with("role/aws-service-role/");
            let alias = arn.service == "kms" && arn.resource.starts_with("alias/aws/");
            (iam_policy && case.action_is(&POLICY_CHANGES)) // PE-IAM-01
                || (reserved && (case.action_is(&ROLE_CHANGES) || case.action_is(&["iam:PassRole"]))) // PE-IAM-01
                || (linked && case.action_is(&ROLE_POLICY_CHANGES)) // PE-SLR-01
                || (alias && case.action_is(&["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"])) // PE-KMS-06
        });
    // PE-SES-07: IAM with MFA only, and of STS no more than assuming roles.
    let with_mfa = holds(case, condition("Bool", "aws:MultiFactorAuthPresent", "true"));
    let barred = match service.as_str() {
        "iam" => with_mfa.not(),
        "sts" => Truth::of(!case.action_is(&["sts:AssumeRole"]) && !case.action_is(&SIDE)),
        _ => Truth::False,
    };
    Truth::of(certain).or(on_session_token(case).and(barred))
}

/// The formula.
fn judge(case: &Case) -> Answer {
    let caller = &case.caller;
    let own = caller.has_own_policies();
    // Policies that cannot belong to this caller take no part (PE-APP-01, PE-APP-02).
    let identity: &[Document] = if own { &case.identity } else { &[] };
    let boundary = case.boundary.as_ref().filter(|_| own);
    let session = case.session.as_ref().filter(|_| own);
    // No resource policy takes part in calls to IAM (PE-APP-04, PE-PASS-01).
    let resource = case.resource_policy.as_ref().filter(|_| case.service() != "iam");
    // Endpoint policies do not see service principals (PE-SVC-01).
    let endpoint: &[Document] = if caller.kind == CallerKind::Service { &[] } else { &case.endpoint };

    // Who the organization's policies bind (PE-SCP-04, PE-RCP-01 to -03, PE-SLR-01).
    let linked = is_service_linked(case);
    let scps_bind = Truth::of(!case.scps.is_empty() && caller.account().is_some()).and(linked.clone().not());
    let rcps_bind = Truth::of(
        !case.rcps.is_empty()
            && RCP_SERVICES.contains(&case.service().as_str())
            && !case.action_is(&["kms:RetireGrant"]),
    )
    .and(linked.not());

    // PE-DEC-01: one matching Deny in any policy that applies.
    let denies = |documents: &[Document], kind| {
        Truth::any(documents.iter().map(|document| any_statement(document, Effect::Deny, kind, case)))
    };
    let denying: [(&str, Truth); 7] = [
        ("identity", denies(identity, Kind::Identity)),
        ("boundary", denies(boundary.map_or(&[], std::slice::from_ref), Kind::Boundary)),
        ("session", denies(session.map_or(&[], std::slice::from_ref), Kind::Session)),
        (
            "resource",
            if root_owns_bucket_policy(case) {
                Truth::False // PE-ROOT-02
            } else {
                denies(resource.map_or(&[], std::slice::from_ref), Kind::Resource)
            },
        ),
        ("scp", scps_bind.clone().and(denies(&case.scps.concat(), Kind::Scp))),
        ("rcp", rcps_bind.and(denies(&case.rcps.concat(), Kind::Rcp))),
        ("endpoint", denies(endpoint, Kind::Endpoint)),
    ];

    // PE-SCP-01: every level must have a matching Allow; RCPs always have theirs (PE-RCP-04).
    let allows = |documents: &[Document], kind| {
        Truth::any(documents.iter().map(|document| any_statement(document, Effect::Allow, kind, case)))
    };
    let scps_allow = Truth::all(case.scps.iter().map(|level| allows(level, Kind::Scp))).or(scps_bind.not());
    let endpoint_allows = Truth::of(endpoint.is_empty()).or(allows(endpoint, Kind::Endpoint)); // PE-VPCE-01

    let grants = Grants::of(resource, case);
    let identity_allows = allows(identity, Kind::Identity);
    let boundary_allows =
        boundary.map_or(Truth::True, |document| allows(std::slice::from_ref(document), Kind::Boundary));
    let session_allows = match session {
        Some(document) => allows(std::slice::from_ref(document), Kind::Session),
        None => Truth::of(caller.kind != CallerKind::FederatedUser), // PE-SES-05
    };
    let granted = granted(case, &grants, &identity_allows, &boundary_allows, &session_allows);

    // The same formula twice: is it denied, and would it be allowed if it were not?
    let refused = Truth::any(denying.iter().map(|(_, truth)| truth.clone()));
    let allowed = Truth::all([scps_allow.clone(), endpoint_allows.clone(), granted.clone()]);
    let limits = [
        ("scp", scps_allow),
        ("endpoint", endpoint_allows),
        ("boundary", boundary_allows),
        ("session", session_allows),
        ("identity", identity_allows),
    ];
    let first = |layers: &[(&'static str, Truth)], test: fn(&Truth) -> bool| {
        layers.iter().find(|(_, truth)| test(truth)).map_or("resource", |(name, _)| *name)
    };
    match (refused, allowed) {
        (Truth::True, _) => {
            answer(Word::ExplicitlyDenied, &format!("explicit deny: {}", first(&denying, Truth::is_true)))
        }
        (Truth::False, Truth::True) => answer(Word::Allowed, &format!("allowed: {}", grants.best())),
        (Truth::False, Truth::False) => {
            answer(Word::ImplicitlyDenied, &format!("implicit deny: {}", first(&limits, Truth::is_false)))
        }
        (refused, allowed) => {
            // A key matters that either side still waits for.
            let mut keys = std::collections::BTreeSet::new();
            for truth in [refused, allowed] {
                if let Truth::Unknown(of) = truth {
                    keys.extend(of);
                }
            }
            undetermined(keys.into_iter().collect(), "depends on unknown keys")
        }
    }
}

/// The bucket owner's root user may read and change the bucket policy whatever that policy says
/// (PE-ROOT-02); every other layer still counts.
fn root_owns_bucket_policy(case: &Case) -> bool {
    case.caller.kind == CallerKind::Root
        && case.caller.account() == Some(case.owner())
        && case.action_is(&["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"])
}

/// Tells whether some statement with this effect matches.
fn any_statement(document: &Document, effect: Effect, kind: Kind, case: &Case) -> Truth {
    Truth::any(document.statements.iter().filter(|statement| statement.effect == effect).map(|statement| {
        who_matches(statement, kind, case).and(rest_matches(statement, document, kind, case))
    }))
}

/// Action, resource and conditions of a statement.
fn rest_matches(statement: &Statement, document: &Document, kind: Kind, case: &Case) -> Truth {
    Truth::of(action_applies(&statement.actions, &case.action))
        .and(resource_applies(
            statement.resources.as_ref(),
            &case.target(),
            kind,
            document.variables,
            &case.context,
        ))
        .and(all_hold(&statement.conditions, document.variables, &case.context))
}

/// The principal part of a statement.
fn who_matches(statement: &Statement, kind: Kind, case: &Case) -> Truth {
    match &statement.who {
        // Policies of the caller's side name nobody; elsewhere that reaches nobody (PE-TYP-11).
        Who::Unsaid => Truth::of(matches!(kind, Kind::Identity | Kind::Boundary | Kind::Session | Kind::Scp)),
        Who::Principal(list) => Truth::any(
            named(list, statement.effect, kind, case)
                .into_iter()
                // PE-VPCE-03: at a gateway endpoint an account is its root user.
                .filter(|(grade, _)| !(at_gateway(kind, case) && *grade == Grade::Delegating))
                .map(|(_, truth)| truth),
        ),
        Who::NotPrincipal(list) => not_named(list, statement.effect, kind, case),
    }
}

/// The services with gateway endpoints (PE-VPCE-03).
fn at_gateway(kind: Kind, case: &Case) -> bool {
    kind == Kind::Endpoint && matches!(case.service().as_str(), "s3" | "dynamodb")
}

/// The matching Allow statements of the resource policy, by what they are worth (5.3).
struct Grants {
    session: Truth,
    strong: Truth,
    limited: Truth,
    delegating: Truth,
    direct: Truth,
}

impl Grants {
    fn of(policy: Option<&Document>, case: &Case) -> Self {
        let policy = policy.filter(|policy| !is_cut_off(policy, case));
        let of_grade = |wanted: Grade| {
            let Some(document) = policy else { return Truth::False };
            let kind = if case.asks_for_trust() { Kind::Trust } else { Kind::Resource };
            Truth::any(document.statements.iter().filter(|s| s.effect == Effect::Allow).map(|statement| {
                let who = match &statement.who {
                    Who::Principal(list) => Truth::any(
                        named(list, Effect::Allow, kind, case)
                            .into_iter()
                            .filter(|(grade, _)| *grade == wanted)
                            .map(|(_, truth)| truth),
                    ),
                    Who::NotPrincipal(list) if wanted == Grade::Strong => {
                        not_named(list, Effect::Allow, kind, case) // PE-NP-06: as `*`
                    }
                    Who::NotPrincipal(_) | Who::Unsaid => Truth::False, // PE-TYP-11
                };
                who.and(rest_matches(statement, document, Kind::Resource, case))
            }))
        };
        Self {
            session: of_grade(Grade::Session),
            strong: of_grade(Grade::Strong),
            limited: of_grade(Grade::Limited),
            delegating: of_grade(Grade::Delegating),
            direct: of_grade(Grade::Direct),
        }
    }

    fn any(&self) -> Truth {
        Truth::any([
            self.session.clone(),
            self.strong.clone(),
            self.limited.clone(),
            self.delegating.clone(),
            self.direct.clone(),
        ])
    }

    fn best(&self) -> &'static str {
        [
            (&self.session, "resource names the session"),
            (&self.strong, "resource names the user or everyone"),
            (&self.direct, "resource names the caller"),
            (&self.limited, "resource names the role"),
        ]
        .into_iter()
        .find(|(truth, _)| truth.is_true())
        .map_or("identity", |(_, name)| name)
    }
}

/// Whether the caller is granted the request, all limits of the organization and of the endpoint aside.
fn granted(case: &Case, grants: &Grants, identity: &Truth, boundary: &Truth, session: &Truth) -> Truth {
    let caller = &case.caller;
    let Some(account) = caller.account() else {
        // Services, anonymous callers and providers have no other side (5.2).
        return grants.any();
    };
    let root = caller.kind == CallerKind::Root;
    let all_three = Truth::all([identity.clone(), boundary.clone(), session.clone()]);
    if account != case.owner() {
        // PE-RBP-18: any grant will do, and the caller's own side must allow; for root it does (PE-ROOT-04).
        return if root { grants.any() } else { grants.any().and(all_three) };
    }
    if root {
        // PE-ROOT-01; a key must name the account (PE-ROOT-03).
        return if case.asks_for_key() { grants.any() } else { Truth::True };
    }
    let trust = case.asks_for_trust();
    // PE-TRU-07: an inherited source identity needs the caller's own permissions as well, as across accounts.
    let inherits = if case.action_is(&["sts:SetSourceIdentity"]) {
        holds(case, condition("Null", "aws:SourceIdentity", "false"))
    } else {
        Truth::False
    };
    let own_side = inherits.not().or(all_three.clone());
    // PE-STS-05: when roles are assumed, only the session's own name spares the boundary.
    let strong_limit = if trust { boundary.clone() } else { Truth::True };
    let by_session = grants.session.clone().and(own_side.clone());
    let by_strong = Truth::all([grants.strong.clone(), strong_limit, own_side.clone()]);
    let by_limited = Truth::all([grants.limited.clone(), boundary.clone(), session.clone(), own_side]);
    let delegated = if trust || case.asks_for_key() {
        // PE-KMS-01, PE-STS-01: identity policies count only if the resource's policy lets them.
        Truth::any([
            grants.delegating.clone(),
            grants.limited.clone(),
            grants.strong.clone(),
            grants.session.clone(),
        ])
    } else {
        Truth::True
    };
    Truth::any([by_session, by_strong, by_limited, delegated.and(all_three)])
}

/// RestrictPublicBuckets: under a public bucket policy nobody from another account and no anonymous
/// caller gets in by any statement of it (PE-S3-03).
fn is_cut_off(policy: &Document, case: &Case) -> bool {
    let stranger = case.caller.kind != CallerKind::Service && case.caller.account() != Some(case.owner());
    stranger
        && case.s3_blocks_public_access
        && case.service() == "s3"
        && policy.statements.iter().any(is_public)
}

/// An Allow to everyone that no condition narrows to fixed values.
fn is_public(statement: &Statement) -> bool {
    const NARROWING: [&str; 12] = [
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    ];
    let everyone = match &statement.who {
        Who::Principal(list) => list.is_everyone(),
        Who::NotPrincipal(_) => true,
        Who::Unsaid => false,
    };
    let fixed = statement.conditions.iter().any(|condition| {
        condition.operator.narrows()
            && NARROWING.contains(&condition.key.to_lowercase().as_str())
            && !condition.values.iter().any(|value| {
                // The range of all addresses fixes nothing.
                value.contains(['*', '?']) || value.contains("${") || value.ends_with("/0")
            })
    });
    statement.effect == Effect::Allow && everyone && !fixed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Word::{self, Allowed, ExplicitlyDenied, ImplicitlyDenied, InvalidInput, Undetermined};
    use crate::decide;

    /// A user's question about an object in a bucket of the user's account, with no policies.
    fn question() -> Value {
        json!({
            "id": "test", "principal": "arn:aws:iam::111111111111:user/alice", "principal_kind": "user",
            "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "resource_account": "111111111111",
            "context": {}, "identity_policies": [], "permissions_boundary": null, "session_policy": null,
            "resource_policy": null, "scps": [], "rcps": [], "vpc_endpoint_policies": [],
        })
    }

    fn policy(statements: &Value) -> Value {
        json!({"name": "p", "document": {"Version": "2012-10-17", "Statement": statements}})
    }

    fn allow() -> Value {
        policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}))
    }

    fn nothing_near() -> Value {
        policy(&json!({"Effect": "Allow", "Action": "glue:*", "Resource": "*"}))
    }

    fn naming(principal: &Value) -> Value {
        policy(&json!({"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*"}))
    }

    fn trusting(principal: &Value) -> Value {
        policy(&json!({"Effect": "Allow", "Principal": principal,
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:AssumeRoleWithWebIdentity"]}))
    }

    #[track_caller]
    fn check(changes: &Value, expected: Word) {
        let mut case = question();
        for (field, value) in changes.as_object().unwrap() {
            case[field] = value.clone();
        }
        let answer = decide(&case);
        assert_eq!(answer.decision, expected, "{} for {case}", answer.reason);
    }

    const USER: &str = "arn:aws:iam::111111111111:user/alice";
    const ROLE: &str = "arn:aws:iam::111111111111:role/app/r";
    const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/r/s";
    const ROOT: &str = "arn:aws:iam::111111111111:root";

    /// The session of a role with a path, under a boundary that says nothing of S3.
    fn bounded_session(resource_policy: &Value) -> Value {
        json!({
            "principal": SESSION, "principal_kind": "assumed-role", "context": {"aws:PrincipalArn": ROLE},
            "permissions_boundary": nothing_near(), "resource_policy": resource_policy,
        })
    }

    #[test]
    fn naming_a_user_spares_boundary_and_identity() {
        let case = |principal: Value| json!({"permissions_boundary": nothing_near(), "resource_policy": naming(&principal)});
        check(&case(json!({"AWS": USER})), Allowed); // PE-RBP-01
        check(&case(json!("*")), Allowed); // PE-RBP-08
        check(&case(json!({"AWS": ROOT})), ImplicitlyDenied); // PE-RBP-06
        check(&case(json!({"AWS": "arn:aws-cn:iam::111111111111:user/alice"})), ImplicitlyDenied); // PE-PRN-16
    }

    #[test]
    fn naming_a_role_does_not_spare_the_boundary_and_naming_its_session_does() {
        check(&bounded_session(&naming(&json!({"AWS": ROLE}))), ImplicitlyDenied); // PE-RBP-03
        check(&bounded_session(&naming(&json!({"AWS": SESSION}))), Allowed); // PE-RBP-04
        check(&bounded_session(&naming(&json!({"AWS": [ROLE, SESSION]}))), Allowed); // PE-RBP-16
    }

    #[test]
    fn the_path_of_a_role_is_in_its_arn_and_not_in_its_sessions() {
        let case = |principal: &str| {
            json!({
                "principal": SESSION, "principal_kind": "assumed-role", "context": {"aws:PrincipalArn": ROLE},
                "resource_policy": naming(&json!({"AWS": principal})),
            })
        };
        check(&case(ROLE), Allowed); // PE-KIND-02
        check(&case("arn:aws:iam::111111111111:role/r"), ImplicitlyDenied); // PE-PRN-06
    }

    #[test]
    fn a_federated_session_has_nothing_without_a_session_policy() {
        let case = |session: Value, resource: Value| {
            json!({
                "principal": "arn:aws:sts::111111111111:federated-user/alice", "principal_kind": "federated-user",
                "identity_policies": [allow()], "session_policy": session, "resource_policy": resource,
            })
        };
        check(&case(Value::Null, Value::Null), ImplicitlyDenied); // PE-SES-05
        check(&case(allow(), Value::Null), Allowed); // PE-SES-05
        let named = naming(&json!({"AWS": "arn:aws:sts::111111111111:federated-user/alice"}));
        check(&case(Value::Null, named), Allowed); // PE-RBP-05
        check(&case(nothing_near(), naming(&json!({"AWS": USER}))), ImplicitlyDenied); // PE-RBP-02
    }

    #[test]
    fn across_accounts_both_sides_must_allow() {
        let case = |identity: Value, principal: Value| {
            json!({
                "resource_account": "222222222222", "identity_policies": identity,
                "resource_policy": naming(&principal),
            })
        };
        check(&case(json!([]), json!("*")), ImplicitlyDenied); // PE-RBP-19
        check(&case(json!([]), json!({"AWS": USER})), ImplicitlyDenied); // PE-RBP-18
        check(&case(json!([allow()]), json!({"AWS": "111111111111"})), Allowed); // PE-RBP-18
    }

    #[test]
    fn not_principal_spares_only_a_caller_whose_whole_chain_is_listed() {
        let case = |listed: Value, effect: &str| {
            json!({
                "identity_policies": [allow()],
                "resource_policy": policy(&json!({"Effect": effect, "NotPrincipal": listed, "Action": "*", "Resource": "*"})),
            })
        };
        check(&case(json!({"AWS": [USER, ROOT]}), "Deny"), Allowed); // PE-NP-03
        check(&case(json!({"AWS": USER}), "Deny"), ExplicitlyDenied); // PE-NP-04
        check(&case(json!({"AWS": ROOT}), "Deny"), ExplicitlyDenied); // PE-NP-04
        let mut bounded = case(json!({"AWS": [USER, ROOT]}), "Deny");
        bounded["permissions_boundary"] = allow();
        check(&bounded, ExplicitlyDenied); // PE-NP-05
    }

    #[test]
    fn an_allow_to_all_but_some_leaves_out_whom_any_entry_names() {
        let case = |listed: Value| {
            json!({
                "resource_policy": policy(&json!({"Effect": "Allow", "NotPrincipal": listed, "Action": "*", "Resource": "*"})),
            })
        };
        check(&case(json!({"AWS": "111111111111"})), ImplicitlyDenied); // PE-NP-06
        check(&case(json!({"AWS": "arn:aws:iam::111111111111:user/bob"})), Allowed); // PE-NP-06
        check(&case(json!("*")), ImplicitlyDenied); // PE-NP-07
    }

    #[test]
    fn every_scp_level_must_allow_and_no_level_is_no_organization() {
        let case = |scps: Value| json!({"identity_policies": [allow()], "scps": scps});
        check(&case(json!([])), Allowed); // PE-SCP-07
        check(&case(json!([[allow()], []])), ImplicitlyDenied); // PE-SCP-07
        check(&case(json!([[allow()], [nothing_near()], [allow()]])), ImplicitlyDenied); // PE-SCP-01
        check(&case(json!([[nothing_near(), allow()]])), Allowed); // PE-SCP-02
    }

    #[test]
    fn service_linked_roles_are_known_by_their_path() {
        let case = |arn: &str| {
            json!({
                "principal": "arn:aws:sts::111111111111:assumed-role/AWSServiceRoleForX/s",
                "principal_kind": "assumed-role", "context": {"aws:PrincipalArn": arn},
                "identity_policies": [allow()], "scps": [[]],
            })
        };
        let linked = "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
        check(&case(linked), Allowed); // PE-SCP-09
        check(&case("arn:aws:iam::111111111111:role/AWSServiceRoleForX"), ImplicitlyDenied); // PE-SCP-09
    }

    #[test]
    fn rcps_bind_listed_services_and_never_allow() {
        let deny = policy(&json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}));
        let case = |action: &str, rcps: Value| json!({"action": action, "identity_policies": [allow()], "rcps": rcps});
        check(&case("s3:GetObject", json!([[deny]])), ExplicitlyDenied); // PE-RCP-01
        check(&case("sns:Publish", json!([[deny]])), Allowed); // PE-RCP-02
        check(&case("kms:RetireGrant", json!([[deny]])), Allowed); // PE-RCP-03
        check(&case("s3:GetObject", json!([[], []])), Allowed); // PE-RCP-04
    }

    fn assume(changes: &Value) -> Value {
        let mut case = json!({
            "action": "sts:AssumeRole", "resource": "arn:aws:iam::111111111111:role/target",
        });
        for (field, value) in changes.as_object().unwrap() {
            case[field] = value.clone();
        }
        case
    }

    #[test]
    fn a_role_must_trust_its_caller_and_an_account_only_delegates() {
        let by = |principal: &str| trusting(&json!({"AWS": principal}));
        check(&assume(&json!({"identity_policies": [allow()]})), ImplicitlyDenied); // PE-STS-01
        check(&assume(&json!({"resource_policy": by(USER)})), Allowed); // PE-STS-02
        check(&assume(&json!({"resource_policy": by(ROOT)})), ImplicitlyDenied); // PE-STS-02
        check(&assume(&json!({"resource_policy": by(ROOT), "identity_policies": [allow()]})), Allowed); // PE-STS-02
        let bounded = json!({"resource_policy": by(USER), "permissions_boundary": nothing_near()});
        check(&assume(&bounded), ImplicitlyDenied); // PE-STS-05
    }

    #[test]
    fn an_inherited_source_identity_needs_the_callers_own_permission() {
        let case = |context: Value| {
            assume(&json!({
                "action": "sts:SetSourceIdentity", "principal": SESSION, "principal_kind": "assumed-role",
                "context": context, "resource_policy": trusting(&json!({"AWS": SESSION})),
            }))
        };
        check(&case(json!({})), Allowed); // PE-STS-02
        check(&case(json!({"aws:SourceIdentity": "x"})), ImplicitlyDenied); // PE-TRU-07
    }

    #[test]
    fn everyone_is_no_provider_when_a_role_is_to_be_assumed_but_is_when_denied() {
        let provider = "arn:aws:iam::111111111111:oidc-provider/idp.example.com";
        let case = |policy: &Value| {
            assume(&json!({
                "action": "sts:AssumeRoleWithWebIdentity", "principal": provider, "principal_kind": "oidc",
                "resource_policy": policy,
            }))
        };
        check(&case(&trusting(&json!({"Federated": provider}))), Allowed); // PE-RBP-11
        check(&case(&trusting(&json!({"AWS": "*"}))), ImplicitlyDenied); // PE-STS-10
        let mixed = policy(&json!([
            {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"},
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:*"},
        ]));
        check(&case(&mixed), ExplicitlyDenied); // PE-DNY-01
    }

    #[test]
    fn the_root_user_needs_no_policy_but_a_key_and_no_role() {
        let root = |changes: &Value| {
            let mut case = json!({"principal": ROOT, "principal_kind": "root"});
            for (field, value) in changes.as_object().unwrap() {
                case[field] = value.clone();
            }
            case
        };
        let key = "arn:aws:kms:us-east-1:111111111111:key/1";
        let key_policy = policy(
            &json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}),
        );
        check(&root(&json!({})), Allowed); // PE-ROOT-01
        check(&root(&json!({"action": "kms:Decrypt", "resource": key})), ImplicitlyDenied); // PE-ROOT-03
        check(
            &root(&json!({"action": "kms:Decrypt", "resource": key, "resource_policy": key_policy})),
            Allowed,
        );
        let trusted = json!({"action": "sts:AssumeRole", "resource": "arn:aws:iam::111111111111:role/target",
            "resource_policy": trusting(&json!({"AWS": ROOT}))});
        check(&root(&trusted), ImplicitlyDenied); // PE-STS-07
    }

    #[test]
    fn the_owners_root_user_gets_past_the_bucket_policy_only() {
        let deny = policy(&json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}));
        let scp = policy(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
        let case = |scps: Value| {
            json!({
                "principal": ROOT, "principal_kind": "root", "action": "s3:DeleteBucketPolicy",
                "resource": "arn:aws:s3:::b", "resource_policy": deny, "scps": scps,
            })
        };
        check(&case(json!([])), Allowed); // PE-ROOT-02
        check(&case(json!([[allow(), scp]])), ExplicitlyDenied); // PE-SCP-04
    }

    #[test]
    fn a_key_policy_must_delegate_before_identity_policies_count() {
        let key = |principal: &Value| {
            json!({
                "action": "kms:Decrypt", "resource": "arn:aws:kms:us-east-1:111111111111:key/1",
                "identity_policies": [allow()],
                "resource_policy": policy(&json!({"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"})),
            })
        };
        check(&key(&json!({"AWS": "arn:aws:iam::111111111111:user/bob"})), ImplicitlyDenied); // PE-KMS-01
        check(&key(&json!({"AWS": "111111111111"})), Allowed); // PE-KMS-02
        let mut foreign = key(&json!({"AWS": "*"}));
        foreign["resource_account"] = json!("222222222222");
        check(&foreign, Allowed); // PE-KMS-03
        foreign["action"] = json!("kms:ScheduleKeyDeletion");
        check(&foreign, ImplicitlyDenied); // PE-KMS-09
    }

    #[test]
    fn some_calls_are_beyond_policies() {
        let deny = policy(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
        let call = |action: &str, context: Value| {
            json!({
                "action": action, "resource": "*", "identity_policies": [allow(), deny], "context": context,
            })
        };
        check(&call("sts:GetCallerIdentity", json!({})), Allowed); // PE-SES-09
        check(&call("sts:GetSessionToken", json!({})), Allowed); // PE-SES-07
        let mut unsure = call("sts:GetSessionToken", json!({}));
        unsure["unknown_context"] = json!(["aws:TokenIssueTime"]);
        check(&unsure, Undetermined); // PE-SES-07
        let token = |mfa: &str| json!({"aws:TokenIssueTime": "2024-05-01T00:00:00Z", "aws:MultiFactorAuthPresent": mfa});
        check(&call("iam:ListUsers", token("false")), ImplicitlyDenied); // PE-SES-07
        check(&call("iam:ListUsers", token("true")), ExplicitlyDenied); // PE-SES-07
    }

    #[test]
    fn an_account_at_a_gateway_endpoint_is_its_root_user() {
        let case = |action: &str| {
            json!({
                "action": action, "identity_policies": [allow()],
                "vpc_endpoint_policies": [policy(&json!({"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "*", "Resource": "*"}))],
            })
        };
        check(&case("s3:GetObject"), ImplicitlyDenied); // PE-VPCE-03
        check(&case("sns:Publish"), Allowed); // PE-VPCE-02
    }

    #[test]
    fn a_public_bucket_policy_is_shut_to_strangers_by_block_public_access() {
        let case = |statements: &Value, account: &str| {
            json!({
                "resource_account": account, "identity_policies": [allow()], "resource_policy": policy(statements),
                "service_settings": {"s3": {"blockPublicAccess": true}},
            })
        };
        let public = json!([
            {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "s3:*", "Resource": "*"},
        ]);
        check(&case(&public, "222222222222"), ImplicitlyDenied); // PE-S3-03
        check(&case(&public, "111111111111"), Allowed); // PE-S3-03
        let private =
            json!({"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "s3:*", "Resource": "*"});
        check(&case(&private, "222222222222"), Allowed); // PE-S3-03
    }

    #[test]
    fn an_unknown_key_is_named_only_if_the_answer_waits_for_it() {
        let when = |effect: &str| {
            json!({"Effect": effect, "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:Tag": "x"}}})
        };
        let case = |statements: Value| json!({"identity_policies": [policy(&statements)], "unknown_context": ["AWS:Tag"]});
        check(&case(json!([when("Allow")])), Undetermined);
        check(&case(json!([when("Deny")])), Undetermined); // not allowed, but explicit or not is unknown
        check(&case(json!([when("Allow"), {"Effect": "Allow", "Action": "*", "Resource": "*"}])), Allowed);
        check(
            &case(json!([when("Allow"), {"Effect": "Deny", "Action": "*", "Resource": "*"}])),
            ExplicitlyDenied,
        );
        let mut asked = question();
        asked["unknown_context"] = json!(["aws:Tag", "aws:Other"]);
        asked["identity_policies"] = json!([policy(&json!([when("Allow")]))]);
        assert_eq!(decide(&asked).keys, ["aws:tag"]);
    }

    #[test]
    fn which_session_of_a_bare_role_asks_is_not_known() {
        let case = |named: &str| {
            json!({
                "principal": "arn:aws:iam::111111111111:role/app/r", "principal_kind": "role",
                "resource_policy": naming(&json!({"AWS": named})),
            })
        };
        check(&case(SESSION), Undetermined);
        check(&case("arn:aws:sts::111111111111:assumed-role/other/s"), ImplicitlyDenied);
    }

    #[test]
    fn a_case_that_lacks_a_field_or_has_a_wrong_type_is_refused() {
        check(&json!({"context": {"aws:SecureTransport": true}}), InvalidInput);
        check(&json!({"principal_kind": "role"}), InvalidInput);
        check(&json!({"scps": null}), InvalidInput);
        let mut case = question();
        case.as_object_mut().unwrap().remove("rcps");
        assert_eq!(decide(&case).decision, InvalidInput);
    }
}
