//! What if: overlays, and what changes between two snapshots.

use iamsim::{Caller, Cloud};

use crate::support::{ADMINISTRATOR, HOME, MANAGEMENT, administrator, allow, deny, error, statement, user};

#[test]
fn an_overlay_leaves_the_cloud_as_it_is() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let without = cloud.without(ADMINISTRATOR).unwrap();
    without.assert_denies(&admin, "s3:ListAllMyBuckets", "*");
    cloud.assert_allows(&admin, "s3:ListAllMyBuckets", "*");
    // Clones have their own clock.
    without.clock().advance(iamsim::TimeDelta::hours(1));
    assert_eq!(without.clock().now() - cloud.clock().now(), iamsim::TimeDelta::hours(1));
}

#[test]
fn a_policy_is_taken_away_wherever_it_hangs() {
    let mut cloud = Cloud::new();
    let mut account = cloud.account(HOME).unwrap();
    let policy = account.add_policy("p", allow("s3:ListAllMyBuckets", "*")).unwrap().arn();
    account.add_group("g").unwrap().attach_policy(&policy).unwrap();
    let by_group = account.add_user("by-group").unwrap().join("g").unwrap().caller();
    let bounded = account.add_user("bounded").unwrap().attach_policy(ADMINISTRATOR).unwrap();
    let bounded = bounded.boundary_policy(&policy).unwrap().caller();
    let role = account.add_role("r", iamsim::trust::account(HOME)).unwrap().attach_policy(&policy).unwrap();
    let session = role.session("x1").unwrap();
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_scp("no-ec2", deny("ec2:*", "*")).unwrap();
    let ask = |cloud: &Cloud| {
        let allowed = |who: &Caller, action: &str| {
            cloud.authorize(who, action, "*").unwrap() == iamsim::Decision::Allow
        };
        [
            allowed(&by_group, "s3:ListAllMyBuckets"),
            allowed(&session, "s3:ListAllMyBuckets"),
            allowed(&bounded, "iam:ListUsers"),
            allowed(&bounded, "ec2:DescribeInstances"),
        ]
    };
    assert_eq!(ask(&cloud), [true, true, false, false]);
    assert_eq!(ask(&cloud.without(&policy).unwrap()), [false, false, true, false]);
    let open = cloud.without(&policy).unwrap().without("no-ec2").unwrap();
    assert_eq!(ask(&open), [false, false, true, true]);
    assert_eq!(error(cloud.without("none")).code(), "NoSuchEntity");
}

#[test]
fn a_difference_lists_what_is_newly_allowed_denied_and_open() {
    let mut cloud = Cloud::new();
    let dev = user(&mut cloud, HOME, "dev");
    let gone = user(&mut cloud, HOME, "gone");
    let mut account = cloud.account(HOME).unwrap();
    for name in ["dev", "gone"] {
        account.user(name).unwrap().attach("read", allow("s3:ListAllMyBuckets", "*")).unwrap();
    }
    let before = cloud.snapshot();
    let from_office = statement(
        r#""Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
           "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
    );
    let after = cloud.with(|cloud| {
        let mut account = cloud.account(HOME)?;
        let dev = account.user("dev")?.detach("read")?;
        dev.attach("ec2", allow("ec2:DescribeInstances", "*"))?.attach("office", from_office)?;
        account.user("gone")?.detach("read")?.delete()
    });
    let after = after.unwrap().snapshot();
    let actions = ["s3:ListAllMyBuckets", "ec2:DescribeInstances", "iam:ListUsers", "sqs:ListQueues"];
    let difference = before.difference(&after, &[&dev, &gone], &actions, &["*"]).unwrap();
    assert_eq!(
        difference.to_string(),
        "\
newly denied: s3:ListAllMyBuckets on * by arn:aws:iam::111122223333:user/dev
  because no identity-based policy allows the s3:ListAllMyBuckets action
newly allowed: ec2:DescribeInstances on * by arn:aws:iam::111122223333:user/dev
  because an identity-based policy allows the ec2:DescribeInstances action
newly undetermined: iam:ListUsers on * by arn:aws:iam::111122223333:user/dev
  because the answer depends on what is not known
newly denied: s3:ListAllMyBuckets on * by arn:aws:iam::111122223333:user/gone
  because The security token included in the request is invalid.
"
    );
    assert_eq!(difference.newly_allowed().count(), 1);
    assert_eq!(difference.newly_denied().count(), 2);
    assert_eq!(difference.newly_undetermined().count(), 1);
    assert!(before.difference(&before, &[&dev], &actions, &["*"]).unwrap().is_empty());
    assert_eq!(error(before.difference(&after, &[&dev], &["s3"], &["*"])).code(), "ValidationError");
}

#[test]
fn a_difference_is_asked_for_patterns_of_actions_and_tells_why() {
    let mut cloud = Cloud::new();
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let mut account = cloud.account(HOME).unwrap();
    let dev = account.add_user("dev").unwrap().attach("all", allow("lambda:*", "*")).unwrap().caller();
    let before = cloud.snapshot();
    cloud.account(HOME).unwrap().user("dev").unwrap().attach("keep", deny("lambda:Delete*", "*")).unwrap();
    let after = cloud.snapshot();
    let difference = before.difference(&after, &[&dev], &["lambda:*", "s3:Get*"], &[function]).unwrap();
    let found: Vec<_> = difference.changes().iter().map(iamsim::Change::action).collect();
    assert!(found.contains(&"lambda:DeleteFunction"), "{found:?}");
    assert!(found.iter().all(|action| action.starts_with("lambda:Delete")), "{found:?}");
    let change = difference.newly_denied().next().unwrap();
    let why = change.after().explanation().unwrap();
    assert_eq!(why.deciding()[0].policy_name, "keep");
    assert!(change.before().explanation().unwrap().to_string().starts_with("allow: lambda:Delete"));
    assert_eq!(
        error(before.difference(&after, &[&dev], &["lamda:*"], &[function])).code(),
        "ValidationError"
    );
}

#[test]
fn a_snapshot_answers_the_same_on_many_threads() {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let snapshot = cloud.snapshot();
    cloud.account(HOME).unwrap().user("admin").unwrap().detach_policy(ADMINISTRATOR).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (snapshot, admin) = (snapshot.clone(), admin.clone());
            scope.spawn(move || {
                for _ in 0..50 {
                    snapshot.assert_allows(&admin, "s3:ListAllMyBuckets", "*");
                }
            });
        }
    });
    cloud.assert_denies(&admin, "s3:ListAllMyBuckets", "*");
}
