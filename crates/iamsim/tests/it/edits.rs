//! What was asked of a world leaves no trace in it: after each edit it answers as one that was never asked.

use iamsim::{Caller, Cloud, Snapshot, trust};

use crate::support::{ADMINISTRATOR, AWAY, HOME, MANAGEMENT, allow, deny, statement};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:orders";
const BUCKET: &str = "arn:aws:s3:::reports";
const SHARED: &str = "arn:aws:iam::aws:policy/Shared";
const OWN: &str = "arn:aws:iam::111122223333:policy/own";

/// The users, roles and organization that the edits are about.
fn cloud() -> Cloud {
    let mut cloud = Cloud::new();
    cloud.add_managed_policy(SHARED, allow("sqs:SendMessage", "*")).unwrap();
    let mut home = cloud.account(HOME).unwrap();
    home.add_policy("own", allow("sqs:ReceiveMessage", "*")).unwrap();
    home.add_group("team").unwrap().attach("buckets", allow("s3:*", "*")).unwrap();
    home.add_user("dev").unwrap().attach_policy(SHARED).unwrap();
    home.add_role("ci", trust::account(HOME)).unwrap().attach_policy(OWN).unwrap();
    home.add_resource(QUEUE).unwrap();
    home.add_resource(BUCKET).unwrap();
    cloud.account(AWAY).unwrap().add_user("guest").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.unit("prod").unwrap();
    organization.root().add_account(HOME).unwrap();
    cloud
}

/// A policy that depends on a key of the context.
fn when(effect: &str, key: &str, value: &str) -> String {
    statement(&format!(
        r#""Effect": "{effect}", "Action": "sqs:*", "Resource": "*",
           "Condition": {{"StringEquals": {{"{key}": "{value}"}}}}"#
    ))
}

fn to_everyone(effect: &str) -> String {
    statement(&format!(r#""Effect": "{effect}", "Principal": "*", "Action": "sqs:*", "Resource": "*""#))
}

/// An edit and what it is called.
type Edit = (&'static str, fn(&mut Cloud));

fn home(cloud: &mut Cloud) -> iamsim::AccountMut<'_> {
    cloud.account(HOME).unwrap()
}

const EDITS: &[Edit] = &[
    ("an inline policy", |cloud| {
        home(cloud).user("dev").unwrap().attach("own", when("Allow", "aws:PrincipalTag/team", "a")).unwrap();
    }),
    ("a tag", |cloud| {
        home(cloud).user("dev").unwrap().tag("team", "a").unwrap();
    }),
    ("an inline policy with another key", |cloud| {
        home(cloud).user("dev").unwrap().attach("own", when("Deny", "aws:username", "dev")).unwrap();
    }),
    ("an inline policy with another text", |cloud| {
        home(cloud).user("dev").unwrap().attach("own", allow("sqs:DeleteQueue", "*")).unwrap();
    }),
    ("a new version of a managed policy", |cloud| {
        home(cloud).policy("own").unwrap().add_version(allow("sqs:Purge*", "*")).unwrap();
    }),
    ("an older version of a managed policy", |cloud| {
        home(cloud).policy("own").unwrap().set_default_version("v1").unwrap();
    }),
    ("another policy of AWS's", |cloud| {
        cloud.add_managed_policy(SHARED, allow("sqs:GetQueueUrl", "*")).unwrap();
    }),
    ("a group", |cloud| {
        home(cloud).user("dev").unwrap().join("team").unwrap();
    }),
    ("another policy of a group", |cloud| {
        home(cloud).group("team").unwrap().attach("buckets", deny("s3:*", "*")).unwrap();
    }),
    ("a boundary", |cloud| {
        home(cloud).role("ci").unwrap().boundary(deny("sqs:DeleteQueue", "*")).unwrap();
    }),
    ("no boundary", |cloud| {
        home(cloud).role("ci").unwrap().without_boundary().unwrap();
    }),
    ("a control policy of a unit that has no members", |cloud| {
        let mut organization = cloud.organization(MANAGEMENT).unwrap();
        organization.unit("prod").unwrap().attach_scp("no-send", deny("sqs:SendMessage", "*")).unwrap();
    }),
    ("another unit", |cloud| {
        cloud.organization(MANAGEMENT).unwrap().unit("prod").unwrap().add_account(HOME).unwrap();
    }),
    ("a resource control policy", |cloud| {
        let mut organization = cloud.organization(MANAGEMENT).unwrap();
        organization.root().attach_rcp("none", to_everyone("Deny")).unwrap();
    }),
    ("no resource control", |cloud| {
        cloud.organization(MANAGEMENT).unwrap().disable_resource_control().unwrap();
    }),
    ("a member more", |cloud| {
        cloud.organization(MANAGEMENT).unwrap().root().add_account(AWAY).unwrap();
    }),
    ("a policy on the resource", |cloud| {
        home(cloud).resource(QUEUE).unwrap().policy(to_everyone("Allow")).unwrap();
    }),
    ("a member less", |cloud| {
        cloud.organization(MANAGEMENT).unwrap().remove_account(HOME).unwrap();
    }),
    ("another name", |cloud| {
        home(cloud).user("dev").unwrap().rename("developer").unwrap();
    }),
    ("another catalog", |cloud| cloud.set_catalog(iamsim::Catalog::embedded().clone())),
    ("no policy", |cloud| {
        home(cloud).user("developer").unwrap().detach("own").unwrap().detach_policy(SHARED).unwrap();
    }),
    ("no user", |cloud| {
        home(cloud).user("developer").unwrap().leave("team").unwrap().delete().unwrap();
    }),
];

fn callers(cloud: &mut Cloud) -> Vec<Caller> {
    let guest = cloud.account(AWAY).unwrap().user("guest").unwrap().caller();
    let mut home = home(cloud);
    vec![
        home.user("dev").unwrap().caller(),
        home.role("ci").unwrap().session("run").unwrap(),
        home.root(),
        guest,
    ]
}

/// All answers with their explanations.
fn answers(snapshot: &Snapshot, callers: &[Caller]) -> Vec<String> {
    let questions = [
        ("sqs:SendMessage", QUEUE),
        ("sqs:ReceiveMessage", QUEUE),
        ("sqs:DeleteQueue", QUEUE),
        ("sqs:PurgeQueue", QUEUE),
        ("sqs:GetQueueUrl", QUEUE),
        ("s3:GetBucketTagging", BUCKET),
    ];
    let mut answers = Vec::new();
    for who in callers {
        for (action, resource) in questions {
            let request = snapshot.request(who, action, resource);
            let quick = request.clone().authorize().map(|decision| decision.to_string());
            let text = match request.explain() {
                Ok(explanation) => {
                    assert_eq!(quick.unwrap(), explanation.decision().to_string(), "{explanation}");
                    explanation.to_string()
                }
                Err(error) => error.to_string(),
            };
            answers.push(format!("{who} {action}\n{text}"));
        }
    }
    answers
}

/// The policies of who is asked for often are joined.
#[test]
fn answers_do_not_change_with_how_often_they_are_asked_for() {
    // After three edits a policy asks for a key of the context.
    for edits in [3, 13] {
        let mut cloud = cloud();
        EDITS.iter().take(edits).for_each(|(_, edit)| edit(&mut cloud));
        let callers = callers(&mut cloud);
        let snapshot = cloud.snapshot();
        let first = answers(&snapshot, &callers);
        for _ in 0..20 {
            assert_eq!(answers(&snapshot, &callers), first);
        }
    }
}

#[test]
fn an_edited_world_answers_as_one_that_was_never_asked() {
    let mut asked = cloud();
    let callers = callers(&mut asked);
    let mut before = answers(&asked.snapshot(), &callers);
    let mut unchanged = Vec::new();
    for (index, (name, edit)) in EDITS.iter().enumerate() {
        let earlier = asked.snapshot();
        let copy = asked.clone();
        edit(&mut asked);
        let mut fresh = cloud();
        EDITS[..=index].iter().for_each(|(_, edit)| edit(&mut fresh));
        let now = answers(&asked.snapshot(), &callers);
        assert_eq!(now, answers(&fresh.snapshot(), &callers), "{name}");
        assert_eq!(before, answers(&earlier, &callers), "{name}: the snapshot before it");
        assert_eq!(before, answers(&copy.snapshot(), &callers), "{name}: the copy before it");
        if now == before {
            unchanged.push(*name);
        }
        before = now;
    }
    // All other edits change an answer: the test would see one that came too late.
    assert_eq!(unchanged, ["a control policy of a unit that has no members", "another catalog"]);
}
