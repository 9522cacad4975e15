//! Errors as AWS sends them, row by row: each row makes the error here and holds its code, status and text
//! against the row's. Where `IAMSIM_CORPORA` names the recordings, every error recorded from IAM and STS, and
//! what other services say to a policy on a resource, must match a row in code, status and text, or a line of the
//! list of what is not covered, with the reason.

use iamsim::{AssumeRole, Cloud, Error, GetFederationToken, RoleArn, trust};
use iamsim_policy::json::{Node, Value};

use crate::support::{ADMINISTRATOR, HOME, Setup, administrator, allow, error, statement, trusting};

/// What AWS answers: `{}` stands for the user's own words.
struct Row {
    answer: (&'static str, u16, &'static str),
    make: fn(&mut Cloud) -> Error,
}

macro_rules! rows {
    ($($code:ident $status:literal $text:literal $make:expr;)+) => {
        &[$(Row { answer: (stringify!($code), $status, $text), make: $make },)+]
    };
}

const NONE: &str = "arn:aws:iam::111122223333:policy/none";

/// A role's error, with a role that is there.
macro_rules! role {
    (|$role:ident| $edit:expr) => {
        |cloud| {
            let mut account = cloud.account(HOME).unwrap();
            let $role = account.role("role").unwrap();
            error($edit)
        }
    };
}

/// An account's error.
macro_rules! account {
    (|$account:ident| $edit:expr) => {
        |cloud| {
            let mut opened = cloud.account(HOME).unwrap();
            let $account = &mut opened;
            error($edit)
        }
    };
}

const ROWS: &[Row] = rows! {
    // ERR-01 to ERR-10
    NoSuchEntity 404 "The user with name {} cannot be found." account!(|a| a.user("none"));
    NoSuchEntity 404 "The role with name {} cannot be found." account!(|a| a.role("none"));
    NoSuchEntity 404 "The group with name {} cannot be found." account!(|a| a.group("none"));
    NoSuchEntity 404 "Instance Profile {} cannot be found." account!(|a| a.instance_profile("none"));
    NoSuchEntity 404 "The role policy with name {} cannot be found." role!(|r| r.detach("none"));
    NoSuchEntity 404 "The group policy with name {} cannot be found."
        account!(|a| a.group("group").unwrap().detach("none"));
    NoSuchEntity 404 "Policy {} was not found." role!(|r| r.detach_policy(NONE));
    NoSuchEntity 404 "Policy {} does not exist or is not attachable." role!(|r| r.attach_policy(NONE));
    NoSuchEntity 404 "Policy {} version {} does not exist or is not attachable."
        account!(|a| a.policy("policy").unwrap().version_text("v9"));
    NoSuchEntity 404 "Scope ARN: {} does not exist or is not attachable." role!(|r| r.boundary_policy(NONE));
    NoSuchEntity 404 "The Access Key with id {} cannot be found."
        account!(|a| a.user("user").unwrap().delete_access_key("AKIANONE"));
    NoSuchEntity 404 "Login Profile for User {} cannot be found."
        account!(|a| a.user("user").unwrap().without_login_profile());
    NoSuchEntity 404 "MFA Device with serial number {} does not exist."
        account!(|a| a.user("user").unwrap().delete_mfa_device("none"));
    NoSuchEntity 404 "Manifest not found for arn {}" account!(|a| a.delete_saml_provider("none"));
    NoSuchEntity 404 "OpenId connect Provider {} cannot be found." account!(|a| a.delete_oidc_provider("none"));
    NoSuchEntity 404 "Role {} in Instance Profile {} cannot be found."
        account!(|a| a.add_instance_profile("profile").unwrap().remove_role("role"));
    // ERR-12 to ERR-14
    EntityAlreadyExists 409 "Role with name {} already exists." account!(|a| a.add_role("ROLE", trusting(HOME)));
    EntityAlreadyExists 409 "User with name {} already exists." account!(|a| a.add_user("user"));
    EntityAlreadyExists 409 "Group with name {} already exists." account!(|a| a.add_group("group"));
    EntityAlreadyExists 409 "Instance Profile {} already exists." account!(|a| {
        a.add_instance_profile("profile").unwrap();
        a.add_instance_profile("profile")
    });
    EntityAlreadyExists 409 "A policy called {} already exists. Duplicate names are not allowed."
        account!(|a| a.add_policy("policy", allow("s3:*", "*")));
    EntityAlreadyExists 409 "MFA device already exists."
        account!(|a| a.user("user").unwrap().mfa_device("phone").unwrap().mfa_device("phone"));
    EntityAlreadyExists 409 "MFA Device is already in use." account!(|a| {
        a.add_user("other").unwrap().hardware_mfa_device("GAHT12345678").unwrap();
        a.user("user").unwrap().hardware_mfa_device("GAHT12345678")
    });
    EntityAlreadyExists 409 "Login Profile for user {} already exists."
        account!(|a| a.user("user").unwrap().login_profile().unwrap().login_profile());
    EntityAlreadyExists 409 "Provider with url {} already exists." account!(|a| {
        a.add_oidc_provider("https://id.example.com", &[]).unwrap();
        a.add_oidc_provider("https://id.example.com", &[])
    });
    // ERR-15 to ERR-18
    DeleteConflict 409 "Cannot delete entity, must detach all policies first."
        role!(|r| r.attach_policy(ADMINISTRATOR).unwrap().delete());
    DeleteConflict 409 "Cannot delete entity, must delete policies first."
        role!(|r| r.attach("p", allow("s3:*", "*")).unwrap().delete());
    DeleteConflict 409 "Cannot delete entity, must remove roles from instance profile first."
        account!(|a| a.add_instance_profile("profile").unwrap().add_role("role").unwrap().delete());
    DeleteConflict 409 "Cannot delete a policy attached to entities." account!(|a| {
        let arn = a.policy("policy").unwrap().arn();
        a.role("role").unwrap().attach_policy(&arn).unwrap();
        a.policy("policy").unwrap().delete()
    });
    DeleteConflict 409 "Cannot delete the default version of a policy."
        account!(|a| a.policy("policy").unwrap().delete_version("v1"));
    // ERR-22
    AccessDenied 403 "User: {} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {}"
        |cloud| {
            let root = cloud.account(HOME).unwrap().root();
            error(cloud.access_key_last_used(&root, "AKIANONE"))
        };
    // ERR-20, ERR-21, VAL-44, VAL-53
    InvalidInput 400 "ARN {} is not valid." role!(|r| r.boundary_policy("arn:aws:iam::111122223333:user/user"));
    InvalidInput 400 "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        role!(|r| r.tags(&[("a", "1"), ("A", "2")]));
    InvalidInput 400 "Duplicate tag keys found."
        account!(|a| a.policy("policy").unwrap().tags(&[("a", "1"), ("a", "2")]));
    InvalidInput 400 "Service role name {} has been taken in this account, please try a different suffix."
        account!(|a| {
            a.add_service_linked_role("batch.amazonaws.com").unwrap();
            a.add_service_linked_role("batch.amazonaws.com")
        });
    MalformedPolicyDocument 400 "This policy contains invalid Json" account!(|a| a.add_role("new", "no json"));
    MalformedPolicyDocument 400 "Has prohibited field Resource" account!(|a| a.add_role("new", statement(
        r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Resource": "*""#,
    )));
    MalformedPolicyDocument 400 "AssumeRole policy may only specify STS AssumeRole actions."
        account!(|a| a.add_role("new", trusting(HOME).replace("sts:AssumeRole", "s3:GetObject")));
    MalformedPolicyDocument 400 "Syntax errors in policy." account!(|a| a.add_policy("new", "no json"));
    // QUO
    LimitExceeded 409 "Cannot exceed quota for AccessKeysPerUser: 2" account!(|a| {
        let mut user = a.user("user").unwrap();
        user.access_key().unwrap();
        user.access_key().unwrap();
        user.access_key()
    });
    LimitExceeded 409 "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1" account!(|a| {
        a.add_role("second", trust::service("ec2.amazonaws.com")).unwrap();
        a.add_instance_profile("profile").unwrap().add_role("role").unwrap().add_role("second")
    });
    LimitExceeded 409 "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
        account!(|a| a.add_oidc_provider("https://many.example.com", &["app"; 101]));
    LimitExceeded 409
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
        account!(|a| {
            let mut policy = a.policy("policy").unwrap();
            for _ in 2..=5 {
                policy = policy.add_version(allow("s3:*", "*")).unwrap();
            }
            policy.add_version(allow("s3:*", "*"))
        });
    LimitExceeded 409 "The number of tags has reached the maximum limit." account!(|a| {
        let keys: Vec<String> = (0..50).map(|index| format!("k{index}")).collect();
        let tags: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
        a.role("role").unwrap().tags(&tags).unwrap().tag("one-more", "v")
    });
    // VAL
    ValidationError 400 "ARN {} is not valid." role!(|r| r.attach_policy("longpolicynamebutnoarn"));
    ValidationError 400 "Invalid Open ID Connect Provider URL"
        account!(|a| a.add_oidc_provider("http://id.example.com", &[]));
    ValidationError 400
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
        account!(|a| a.user("user").unwrap().path("no-slash"));
    ValidationError 400
        "1 validation error detected: Value at 'path' failed to satisfy constraint: Member must have length less than or equal to 512"
        account!(|a| a.user("user").unwrap().path(&format!("/{}/", "p".repeat(511))));
    ValidationError 400
        "1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"
        account!(|a| a.policy("policy").unwrap().version_text("invalid_version_id"));
    ValidationError 400
        "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"
        role!(|r| r.tags(&[("k", "v"); 51]));
    ValidationError 400
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must have length less than or equal to 50"
        role!(|r| r.untag_all(&["k"; 51]));
    ValidationError 400
        "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"
        role!(|r| r.tag(&"k".repeat(129), "v"));
    ValidationError 400
        "1 validation error detected: Value at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256"
        role!(|r| r.tag("k", &"v".repeat(257)));
    ValidationError 400
        "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+"
        role!(|r| r.tag("k*", "v"));
    // Resource policies, each service in its own words
    MalformedPolicy 400 "Policies must be valid JSON and the first byte must be '{'"
        account!(|a| a.add_resource("arn:aws:s3:::b").unwrap().policy("no json"));
    MalformedPolicy 400 "Missing required field Statement"
        account!(|a| a.add_resource("arn:aws:s3:::b").unwrap().policy(r#"{"Version": "2012-10-17"}"#));
    InvalidParameter 400 "Invalid parameter: Policy statement action out of service scope!" account!(|a| {
        let topic = "arn:aws:sns:eu-west-1:111122223333:t";
        let principal = r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sqs:SendMessage""#;
        let document = statement(&format!(r#"{principal}, "Resource": "{topic}""#));
        a.add_resource(topic).unwrap().policy(document)
    });
    // STS
    ValidationError 400 "{} is invalid"
        |_| error(Setup::new().assume(AssumeRole::new(&RoleArn::new_unchecked("nothing-valid-in-here"), "work")));
    ValidationError 400
        "1 validation error detected: Value '{}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        |_| {
            let mut setup = Setup::new();
            error(setup.assume(AssumeRole::new(&setup.role, "Session1:2")))
        };
    ValidationError 400
        "1 validation error detected: Value '{}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"
        |_| {
            let mut setup = Setup::new();
            error(setup.assume(AssumeRole::new(&setup.role, &"s".repeat(65))))
        };
    ValidationError 400
        "1 validation error detected: Value '{}' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"
        |cloud| {
            let admin = administrator(cloud, HOME, "admin");
            let call = GetFederationToken::new("Bob").policy(format!("{:2049}", allow("s3:*", "*")));
            error(cloud.sts().get_federation_token(&admin, call))
        };
    InvalidParameterValue 400 "Duplicate tag keys found. Please note that Tag keys are case insensitive." |_| {
        let mut setup = Setup::new();
        error(setup.assume(setup.call().tag("a", "1").tag("A", "2")))
    };
    InvalidParameterValue 400 "The specified transitive tag key must be included in the requested tags." |_| {
        let mut setup = Setup::new();
        error(setup.assume(setup.call().tag("a", "1").transitive_key("b")))
    };
    InvalidParameterValue 400
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
        |_| {
            let mut setup = Setup::new();
            let first = setup.assume(setup.call().transitive_tag("a", "1")).unwrap();
            error(setup.assume_as(first.caller(), setup.call().tag("A", "2")))
        };
};

/// Recorded errors that this floor does not make, and why.
const NOT_COVERED: &[(&str, &str)] = &[
    (
        "Custom suffix is not allowed for {}",
        "service-linked roles with a suffix: which services take one is data",
    ),
    (
        "Cannot delete policies outside your own account.",
        "handles are the account's own policies: for the wire",
    ),
    ("Cannot delete policy versions for policies outside your own account.", "as above"),
    ("Cannot update policies outside your own account.", "as above"),
    (
        "Must specify userName when calling with non-User credentials",
        "handles always name the user: for the wire",
    ),
    ("Cannot delete entity, must remove referenced objects first.", "service-specific credentials"),
    ("No such credential {} exists", "service-specific credentials"),
    ("No such service {} is supported for Service Specific Credentials", "service-specific credentials"),
    (
        "1 validation error detected: Value at 'serviceSpecificCredentialId' {}",
        "service-specific credentials",
    ),
    ("1 validation error detected: Value at 'status' {}", "service-specific credentials"),
    ("Thumbprint list must contain fewer than 5 entries.", "thumbprints play no part offline"),
    ("OpenIDConnect Provider not found for arn {}", "no call reads a provider here"),
    ("3 validation errors detected: Value at 'clientIDList' {}", "lists of the wire"),
    (
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: {}",
        "lists of the wire",
    ),
    ("3 validation errors detected: Value at 'minimumPasswordLength' {}", "password policies"),
    ("The Password Policy with domain name {} cannot be found.", "password policies"),
    ("The account policy with name PasswordPolicy cannot be found.", "password policies"),
    ("Invalid Marker.", "pages are for the wire"),
    ("The Server Certificate with name {}", "server certificates"),
    ("Cannot exceed quota for CertificatesPerUser: 2", "signing certificates"),
    ("Certificate {} is malformed.", "signing certificates"),
    ("The Certificate with id {} cannot be found.", "signing certificates"),
    ("The Public Key with id {} cannot be found.", "SSH keys"),
    ("", "credential reports"),
    // The documents of these recordings are held against AWS row by row in iamsim-policy.
    ("Actions/Condition{}", "a row each in iamsim-policy"),
    ("IAM resource {}", "a row each in iamsim-policy"),
    ("Partition {}", "a row each in iamsim-policy"),
    ("Policy document must be version {}", "a row each in iamsim-policy"),
    ("Policy statement must contain {}", "a row each in iamsim-policy"),
    ("Resource {}", "a row each in iamsim-policy"),
    ("Statement IDs (SID) in a single policy must be unique.", "a row each in iamsim-policy"),
    ("The policy failed legacy parsing", "a row each in iamsim-policy"),
    ("Vendor {} is not valid", "a row each in iamsim-policy"),
];

/// Whether a text is a pattern's, with anything for each `{}`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("{}");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

#[test]
fn every_row_is_answered_as_aws_answers() {
    for row in ROWS {
        let mut cloud = Cloud::new();
        let mut account = cloud.account(HOME).unwrap();
        account.add_user("user").unwrap();
        account.add_group("group").unwrap();
        account.add_role("role", trusting(HOME)).unwrap();
        account.add_policy("policy", allow("s3:*", "*")).unwrap();
        let found = (row.make)(&mut cloud);
        let (code, status, text) = row.answer;
        assert_eq!((found.code(), found.status()), (code, status), "{text}: {found:?}");
        assert!(matches(text, found.message()), "{text}: {found:?}");
    }
}

#[test]
fn every_recorded_error_has_its_row_or_a_reason() {
    #[expect(clippy::disallowed_methods, reason = "the recordings are outside the project")]
    let Ok(corpora) = std::env::var("IAMSIM_CORPORA") else {
        println!("skipped: IAMSIM_CORPORA is not set, so the rows were not held against their recordings");
        return;
    };
    let folder = std::path::Path::new(&corpora).join("localstack-aws-snapshots");
    let mut seen = 0;
    let mut used = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".snapshot.json") {
            continue;
        }
        let of_identities = name.starts_with("iam__") || name.starts_with("sts__");
        let source = iamsim_policy::Source::from_bytes(&*name, std::fs::read(&path).unwrap()).unwrap();
        let mut errors = Vec::new();
        collect(&iamsim_policy::json::parse(&source).unwrap(), &mut errors);
        for (code, status, message) in errors {
            // Of the other services, only what they say to a policy on a resource belongs here.
            let of_policies = code.starts_with("MalformedPolicy") || message.contains("Policy statement");
            if !of_identities && !of_policies {
                continue;
            }
            seen += 1;
            let found = ROWS.iter().find(|row| row.answer.0 == code && matches(row.answer.2, &message));
            if let Some(row) = found {
                assert_eq!(row.answer.1, status, "{name}: {code}: {message}");
            }
            let row = found.is_some();
            let reason = NOT_COVERED.iter().position(|(pattern, _)| matches(pattern, &message));
            used.extend(reason.filter(|_| !row));
            assert!(row || reason.is_some(), "{name}: {code}: {message}");
        }
    }
    assert!(seen > 300, "only {seen} errors were read");
    for (index, (pattern, reason)) in NOT_COVERED.iter().enumerate() {
        assert!(used.contains(&index), "nothing recorded needs `{pattern}` ({reason})");
    }
}

/// A recorded error: code, status and message.
type Recorded = (String, u16, String);

/// All errors in a recording.
fn collect(node: &Node<'_>, errors: &mut Vec<Recorded>) {
    match &node.value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, errors)),
        Value::Object(members) => {
            if let Some(error) = member(node, "Error")
                && let Some(code) = member(error, "Code").map(text)
            {
                let status = member(node, "ResponseMetadata").and_then(|node| member(node, "HTTPStatusCode"));
                let status = status.and_then(|status| text(status).parse().ok()).unwrap_or_default();
                errors.push((code, status, member(error, "Message").map(text).unwrap_or_default()));
            }
            for member in members {
                collect(&member.value, errors);
            }
        }
        _ => {}
    }
}

fn member<'n, 's>(node: &'n Node<'s>, key: &str) -> Option<&'n Node<'s>> {
    let Value::Object(members) = &node.value else { return None };
    members.iter().find(|member| member.key == key).map(|member| &member.value)
}

fn text(node: &Node<'_>) -> String {
    match &node.value {
        Value::String(text) => text.to_string(),
        Value::Number(text) => (*text).to_owned(),
        _ => String::new(),
    }
}
