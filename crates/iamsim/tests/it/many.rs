//! Many requests at once are answered as each alone: whoever asks, however they are mixed.

use iamsim::{AssumeRole, Caller, Cloud, Decision, GetFederationToken, RequestBuilder, Snapshot, TimeDelta};

use crate::support::{
    ADMINISTRATOR, AWAY, HOME, MANAGEMENT, administrator, allow, deny, statement, trusting, user,
};

const BUCKET: &str = "arn:aws:s3:::reports";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:orders";
const ROLE: &str = "arn:aws:iam::111122223333:role/worker";

/// What is asked: everything that layers and contexts differ by.
const QUESTIONS: &[(&str, &str, Option<&str>)] = &[
    ("s3:ListAllMyBuckets", "*", None),
    ("s3:ListAllMyBuckets", BUCKET, None),
    ("s3:GetObject", "arn:aws:s3:::reports/q1.csv", None),
    ("s3:GetObject", "arn:aws:s3:::nobodys/q1.csv", None),
    ("s3:GetObject", "arn:aws:s3:::nobodys/q1.csv", Some(AWAY)),
    ("s3:GetObject", "arn:aws:s3:::nobodys/q1.csv", Some(HOME)),
    ("s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/mine/object/q1.csv", None),
    ("s3:PutBucketPolicy", BUCKET, None),
    ("kms:Decrypt", KEY, None),
    ("kms:Encrypt", KEY, None),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/00000000-2222-3333-4444-555555555555", None),
    ("sqs:SendMessage", QUEUE, None),
    ("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:orders", None),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:orders", None),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:000011112222:orders", None),
    ("sqs:ListQueues", "*", None),
    ("sqs:ListQueues", "*", Some(AWAY)),
    ("iam:GetRole", ROLE, None),
    ("iam:TagRole", ROLE, None),
    ("iam:GetPolicy", "arn:aws:iam::aws:policy/AdministratorAccess", None),
    ("iam:ListUsers", "*", None),
    ("iam:ChangePassword", "*", None),
    ("sts:AssumeRole", ROLE, None),
    ("sts:TagSession", ROLE, None),
    ("sts:SetSourceIdentity", ROLE, None),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/none", None),
    ("sts:AssumeRole", "arn:aws:iam::000011112222:role/none", None),
    ("sts:GetCallerIdentity", "*", None),
    ("ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc", None),
    ("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-0abc", None),
    ("ec2:CopyImage", "arn:aws:ec2:us-east-1::image/ami-0abc", None),
    ("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/any", None),
    ("apigateway:GET", "arn:aws:apigateway:eu-west-1::/restapis", None),
    ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:f", None),
    ("unheard:Of", "*", None),
];

/// Conditions on every row of the table that depends on the question, and on some that do not.
fn conditions() -> String {
    let conditions = [
        r#"{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}"#,
        r#"{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}"#,
        r#"{"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#,
        r#"{"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "*/dev/*"}}"#,
        r#"{"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}"#,
        r#"{"StringEquals": {"iam:ResourceTag/team": "a"}}"#,
        r#"{"StringEquals": {"sts:RoleSessionName": "x1"}}"#,
        r#"{"StringEquals": {"aws:RequestTag/team": "a"}}"#,
        r#"{"StringEquals": {"s3:prefix": "home/"}}"#,
        r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#,
    ];
    let statements = conditions.iter().enumerate().map(|(index, condition)| {
        let effect = if index % 4 == 3 { "Deny" } else { "Allow" };
        format!(r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*", "Condition": {condition}}}"#)
    });
    format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.collect::<Vec<_>>().join(","))
}

fn world() -> (Cloud, Vec<Caller>) {
    let mut cloud = Cloud::new();
    let admin = administrator(&mut cloud, HOME, "admin");
    let away = administrator(&mut cloud, AWAY, "away");
    let plain = user(&mut cloud, HOME, "plain");
    let mut organization = cloud.organization(MANAGEMENT).unwrap();
    organization.root().add_account(HOME).unwrap().attach_scp("no-ec2", deny("ec2:Copy*", "*")).unwrap();
    let only_inside = statement(
        r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
           "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}"#,
    );
    organization.root().attach_rcp("only-inside", only_inside).unwrap();
    let mut account = cloud.account(HOME).unwrap();
    account.add_oidc_provider("https://token.actions.githubusercontent.com", &["sts.amazonaws.com"]).unwrap();
    let open = statement(&format!(
        r#""Effect": "Allow", "Principal": {{"AWS": "{AWAY}"}}, "Action": "s3:GetObject", "Resource": "{BUCKET}/*",
           "Condition": {{"IpAddress": {{"aws:SourceIp": "203.0.113.0/24"}}}}"#
    ));
    let bucket = account.add_resource(BUCKET).unwrap().policy(open).unwrap();
    bucket.tag("team", "a").unwrap().attribute_based_control().unwrap();
    account.add_resource(QUEUE).unwrap().tag("team", "b").unwrap();
    account
        .add_resource(KEY)
        .unwrap()
        .grant("app", "arn:aws:iam::111122223333:user/plain", &["Decrypt"])
        .unwrap();
    let endpoint = account.add_vpc_endpoint("vpce-0abc", "vpc-0def").unwrap();
    endpoint
        .policy(statement(r#""Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*""#))
        .unwrap();
    let narrow =
        account.add_user("narrow").unwrap().attach("many", conditions()).unwrap().tag("team", "a").unwrap();
    let narrow = narrow.boundary(allow("*", "*")).unwrap().caller();
    let role = account.add_role("worker", trusting(HOME)).unwrap().tag("team", "a").unwrap();
    let role = role.attach("many", conditions()).unwrap();
    let (worker, arn) = (role.session("x1").unwrap(), role.arn());
    let root = account.root();
    let limited = AssumeRole::new(&arn, "limited").policy(allow("sqs:*", "*"));
    let limited = cloud.sts().assume_role(&admin, limited).unwrap().caller().clone();
    let call = GetFederationToken::new("Bob").policy_arn(ADMINISTRATOR);
    let federated = cloud.sts().get_federation_token(&admin, call).unwrap().caller().clone();
    let mut account = cloud.account(HOME).unwrap();
    let linked = account.add_service_linked_role("ecs.amazonaws.com").unwrap().session("l1").unwrap();
    let callers = vec![
        admin,
        away,
        plain,
        narrow,
        worker,
        root,
        limited,
        federated,
        linked,
        Caller::anonymous(),
        Caller::service("sns.amazonaws.com"),
        Caller::federated("accounts.google.com"),
    ];
    (cloud, callers)
}

fn check(snapshot: &Snapshot, requests: &[RequestBuilder]) {
    let found = snapshot.authorize_all(requests.to_vec());
    assert_eq!(found.len(), requests.len());
    for (request, found) in requests.iter().zip(found) {
        let told = |answer: iamsim::Result<Decision>| answer.map_err(|error| error.to_string());
        assert_eq!(told(found), told(request.clone().authorize()), "{request:?}");
    }
}

/// Every caller asks every question, with each kind of word on the context.
fn requests(snapshot: &Snapshot, callers: &[Caller]) -> Vec<RequestBuilder> {
    let words: [fn(RequestBuilder) -> RequestBuilder; 7] = [
        |request| request,
        |request| request.complete(),
        |request| request.source_ip("203.0.113.9").region("us-east-1"),
        |request| request.through_endpoint("vpce-0abc"),
        |request| request.through_endpoint("vpce-none"),
        |request| request.tag("team", "a").absent("aws:ResourceTag/team").absent_prefix("s3:"),
        |request| request.via_service("athena.amazonaws.com").unknown("aws:PrincipalAccount"),
    ];
    let mut requests = Vec::new();
    for words in words {
        for caller in callers {
            for (action, resource, owner) in QUESTIONS {
                let request = words(snapshot.request(caller, action, resource));
                requests.push(owner.iter().fold(request, |request, owner| request.owner(owner)));
            }
        }
    }
    requests
}

#[test]
fn many_requests_are_answered_as_each_alone() {
    let (cloud, callers) = world();
    let snapshot = cloud.snapshot();
    let requests = requests(&snapshot, &callers);
    check(&snapshot, &requests);
    let decided = |decision| {
        let found = snapshot.authorize_all(requests.iter().cloned());
        found.iter().filter(|found| found.as_ref().is_ok_and(|found| *found == decision)).count()
    };
    let all = [Decision::Allow, Decision::ImplicitDeny, Decision::ExplicitDeny, Decision::Undetermined];
    assert!(all.map(decided).iter().all(|count| *count > 100), "{:?}", all.map(decided));
    // One caller alone, and one question alone.
    for requests in requests.chunks(QUESTIONS.len()) {
        check(&snapshot, requests);
    }
    for first in 0..QUESTIONS.len() {
        let every: Vec<_> = requests.iter().skip(first).step_by(QUESTIONS.len()).cloned().collect();
        check(&snapshot, &every);
    }
    check(&snapshot, &[]);
}

#[test]
fn the_order_of_many_requests_never_matters() {
    let (cloud, callers) = world();
    let snapshot = cloud.snapshot();
    let requests = requests(&snapshot, &callers);
    // Neighbours have other callers, other words and other questions; then a few of one caller stay together.
    for together in [1, 5] {
        let mut parts: Vec<&[RequestBuilder]> =
            requests.chunks(QUESTIONS.len()).flat_map(|asked| asked.chunks(together)).collect();
        shuffle(&mut parts);
        let some: Vec<_> = parts.into_iter().step_by(5).flatten().cloned().collect();
        check(&snapshot, &some);
    }
}

/// A fixed shuffle.
fn shuffle<T>(items: &mut [T]) {
    let mut seed: usize = 7;
    for index in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(index, (seed >> 33) % (index + 1));
    }
}

#[test]
fn a_request_that_can_not_be_asked_spoils_no_other() {
    let (mut cloud, callers) = world();
    let session = cloud.account(HOME).unwrap().role("worker").unwrap().session("old").unwrap();
    let gone = user(&mut cloud, HOME, "gone");
    cloud.account(HOME).unwrap().user("gone").unwrap().delete().unwrap();
    cloud.clock().advance(TimeDelta::hours(13));
    let snapshot = cloud.snapshot();
    let good = || snapshot.request(&callers[0], "sqs:ListQueues", "*");
    let requests = [
        good(),
        snapshot.request(&callers[0], "no action", "*"),
        good(),
        snapshot.request(&callers[0], "sqs:SendMessage", "orders"),
        snapshot.request(&gone, "sqs:ListQueues", "*"),
        snapshot.request(&session, "sqs:ListQueues", "*"),
        good().owner("nobody"),
        good(),
    ];
    check(&snapshot, &requests);
    let answers = snapshot.authorize_all(requests);
    let codes: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().map_err(|error| error.code().to_owned())).collect();
    assert_eq!(codes.iter().filter(|code| code.is_ok()).count(), 3, "{codes:?}");
    assert!(codes.contains(&Err("ExpiredToken".to_owned())), "{codes:?}");
    assert!(codes.contains(&Err("InvalidClientTokenId".to_owned())), "{codes:?}");
}

#[test]
fn a_request_is_answered_by_the_cloud_it_was_begun_with() {
    let mut cloud = Cloud::new();
    let dev = user(&mut cloud, HOME, "dev");
    let before = cloud.snapshot();
    cloud.account(HOME).unwrap().user("dev").unwrap().attach("q", allow("sqs:ListQueues", "*")).unwrap();
    let after = cloud.snapshot();
    let ask = |snapshot: &Snapshot| snapshot.request(&dev, "sqs:ListQueues", "*");
    let answers =
        after.authorize_all([ask(&before), ask(&after), cloud.request(&dev, "sqs:ListQueues", "*")]);
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Decision::ImplicitDeny, Decision::Allow, Decision::Allow]);
    // The same world at another hour is another instant.
    let until_now = statement(&format!(
        r#""Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*",
           "Condition": {{"DateLessThanEquals": {{"aws:CurrentTime": "{}"}}}}"#,
        after.now().format("%Y-%m-%dT%H:%M:%SZ")
    ));
    let dev = cloud.account(HOME).unwrap().user("dev").unwrap().attach("now", until_now).unwrap().caller();
    let early = cloud.snapshot();
    cloud.clock().advance(TimeDelta::hours(1));
    let late = cloud.snapshot();
    let ask = |snapshot: &Snapshot| snapshot.request(&dev, "sns:ListTopics", "*");
    let answers = late.authorize_all([ask(&early), ask(&late)]).into_iter().map(Result::unwrap);
    assert_eq!(answers.collect::<Vec<_>>(), [Decision::Allow, Decision::ImplicitDeny]);
}
