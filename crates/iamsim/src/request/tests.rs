//! What is gathered for a decision alone says the same of every key that a policy asks for as what is gathered
//! for its explanation, in whatever layer the policy is.

use iamsim_eval::Program;

use super::*;
use crate::{AssumeRole, Cloud, global_keys, trust};

const HOME: &str = "111122223333";
const MANAGEMENT: &str = "999999999999";
const BUCKET: &str = "arn:aws:s3:::reports";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:orders";
const ROLE: &str = "arn:aws:iam::111122223333:role/ci";

/// Every key of the table, members of every family, and keys that are in no table.
fn keys() -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for row in global_keys() {
        match row.key {
            "{issuer}:" => {
                keys.extend(["accounts.google.com:sub", "idp.example.com/x:AUD"].map(String::from));
            }
            "sts:" => keys.extend(["sts:ExternalId", "sts:RoleSessionName"].map(String::from)),
            family if family.ends_with(['/', ':']) => {
                keys.extend([format!("{family}team"), format!("{family}x")]);
            }
            key => keys.push(key.to_uppercase()),
        }
    }
    keys.extend(["s3:prefix", "kms:ViaService", "sqs:nothing", "aws:nothing"].map(String::from));
    keys
}

/// A policy that asks for keys, in a condition and in a variable, with further members.
fn asking_for(keys: &[String], members: &str) -> String {
    let conditions: Vec<String> = keys.iter().skip(1).map(|key| format!(r#""{key}": "x", "#)).collect();
    let variable = keys.first().map(|key| format!("${{{key}}}")).unwrap_or_default();
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", {members},
            "Condition": {{"StringLike": {{{}"custom": "{variable}"}}}}}}]}}"#,
        conditions.concat()
    )
}

/// The places a policy may hang in.
const PLACES: &[&str] = &[
    "identity",
    "group",
    "boundary",
    "service control",
    "resource control",
    "endpoint",
    "session",
    "resource",
    "trust",
];

/// A cloud with a policy of these keys in a place, and callers of every kind.
fn cloud(place: &str, keys: &[String]) -> (Cloud, Vec<Caller>) {
    let text = asking_for(keys, r#""Action": "*", "Resource": "*""#);
    let for_all = asking_for(keys, r#""Principal": "*", "Action": "*", "Resource": "*""#);
    let mut cloud = Cloud::new();
    let mut home = cloud.account(HOME).unwrap();
    home.without_quotas().unwrap();
    home.add_oidc_provider("https://idp.example.com/x", &["app"]).unwrap();
    home.add_group("team").unwrap();
    let everything = "arn:aws:iam::aws:policy/AdministratorAccess";
    let dev = home.add_user("dev").unwrap().tag("team", "x").unwrap().join("team").unwrap();
    let dev = dev.attach_policy(everything).unwrap().caller();
    home.add_role("ci", trust::account(HOME)).unwrap().tag("Team", "y").unwrap();
    for arn in [BUCKET, QUEUE] {
        home.add_resource(arn).unwrap().tag("team", "z").unwrap();
    }
    home.resource(BUCKET).unwrap().attribute_based_control().unwrap();
    home.add_vpc_endpoint("vpce-1", "vpc-1").unwrap();
    let root = home.root();
    let call = AssumeRole::new(&crate::RoleArn::new_unchecked(ROLE), "run");
    let call = if place == "session" { call.policy(&*text) } else { call };
    let session = cloud.sts().assume_role(&dev, call).unwrap().caller().clone();
    let service = Caller::service("sns.amazonaws.com").on_behalf_of(QUEUE).unwrap();
    let callers =
        vec![dev, root, session, service, Caller::anonymous(), Caller::federated("accounts.google.com")];
    let mut home = cloud.account(HOME).unwrap();
    match place {
        "identity" => {
            home.user("dev").unwrap().attach("p", &*text).unwrap();
            home.role("ci").unwrap().attach("p", &*text).unwrap();
        }
        "group" => drop(home.group("team").unwrap().attach("p", &*text).unwrap()),
        "boundary" => {
            home.user("dev").unwrap().boundary(&*text).unwrap();
            home.role("ci").unwrap().boundary(&*text).unwrap();
        }
        "resource" => {
            for (arn, service) in [(BUCKET, "s3"), (QUEUE, "sqs")] {
                let members = format!(r#""Principal": "*", "Action": "{service}:*", "Resource": "{arn}*""#);
                home.resource(arn).unwrap().policy(asking_for(keys, &members)).unwrap();
            }
        }
        "trust" => {
            let text = asking_for(keys, r#""Principal": {"AWS": "*"}, "Action": "sts:AssumeRole""#);
            home.role("ci").unwrap().trust(text).unwrap();
        }
        "endpoint" => drop(home.add_vpc_endpoint("vpce-2", "vpc-1").unwrap().policy(&*for_all).unwrap()),
        _ => {}
    }
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    let unit = organization.unit("prod").unwrap().add_account(HOME).unwrap();
    match place {
        "service control" => {
            unit.attach_scp("p", &*text).unwrap();
        }
        "resource control" => {
            let text = asking_for(keys, r#""Principal": "*", "Action": "s3:*", "Resource": "*""#);
            unit.attach_rcp("p", text).unwrap();
        }
        _ => {}
    }
    (cloud, callers)
}

#[test]
fn a_decision_alone_is_told_the_same_of_every_key_that_is_asked_for() {
    let keys = keys();
    let mut asked_for = 0;
    for place in PLACES {
        for keys in keys.chunks(12) {
            let (cloud, callers) = cloud(place, keys);
            for caller in &callers {
                for (action, resource) in [
                    ("s3:GetObject", "arn:aws:s3:::reports/k"),
                    ("sqs:SendMessage", QUEUE),
                    ("sts:AssumeRole", ROLE),
                ] {
                    let ask = || cloud.request(caller, action, resource);
                    for request in [
                        ask(),
                        ask().complete(),
                        ask().source_ip("192.0.2.1").context("S3:PREFIX", "a/"),
                        ask().complete().through_endpoint("vpce-1").unknown("aws:PrincipalArn"),
                        ask().through_endpoint(if *place == "endpoint" { "vpce-2" } else { "vpce-1" }),
                        ask().absent_prefix("aws:").context("aws:SourceVpc", "vpc-1").unknown("aws:username"),
                        ask().tag("team", "x").via_service("athena.amazonaws.com").region("eu-west-1"),
                    ] {
                        asked_for += check(request, place);
                    }
                }
            }
        }
    }
    assert!(asked_for > 20_000, "{asked_for}");
}

/// How many keys were compared.
fn check(request: RequestBuilder, place: &str) -> usize {
    let (layers, whole) = request.clone().assemble(|world, question| world.assemble(&question)).unwrap();
    let (_, quick) = request.assemble(iamsim_model::Snapshot::assemble_to_decide).unwrap();
    let mut count = 0;
    for key in layers.programs().flat_map(Program::keys) {
        assert_eq!(quick.context().get(key), whole.context().get(key), "{key} in {place}: {whole:?}");
        count += 1;
    }
    assert_eq!((quick.owner(), quick.caller()), (whole.owner(), whole.caller()));
    count
}
