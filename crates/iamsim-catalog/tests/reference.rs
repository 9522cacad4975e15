//! The embedded catalog: that it is what the text says, that everything in it is found, and that it says what
//! AWS's reference says at the places where a reader of the data could go wrong.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says why by panicking")]

use std::collections::BTreeSet;

use iamsim_catalog::{AccessLevel, Applicability, Catalog, InvalidCatalog, KeyEntry, ResourceControl};
use iamsim_policy::{Action, ActionPattern, ArnPattern};

fn catalog() -> &'static Catalog {
    Catalog::embedded()
}

const MANIFEST: &str = include_str!("../data/manifest.txt");
const TEXT: &str = include_str!("../data/catalog.txt");

#[test]
fn the_embedded_catalog_is_what_the_text_makes() {
    let sources: String =
        MANIFEST.split_inclusive('\n').filter(|line| line.starts_with("source\t")).collect();
    let built = Catalog::from_text(&(sources + TEXT)).unwrap();
    assert!(built.as_bytes() == catalog().as_bytes(), "run `cargo xtask catalog build` and commit");
    Catalog::from_bytes(catalog().as_bytes()).unwrap();
}

#[test]
fn the_counts_are_those_of_the_manifest() {
    let count = |name: &str| -> usize {
        let line = MANIFEST.lines().find_map(|line| line.strip_prefix(&format!("count\t{name}\t")));
        line.unwrap().parse().unwrap()
    };
    assert_eq!(catalog().services().len(), count("services"));
    assert_eq!(catalog().actions().len(), count("actions"));
    assert_eq!(catalog().keys().len(), count("condition keys"));
    // The floor under which a refresh must be looked at (data of September 2026).
    assert!(catalog().services().len() >= 450 && catalog().actions().len() >= 22_000);
}

#[test]
fn every_action_is_found_in_any_case_and_by_its_own_prefix_pattern() {
    for action in catalog().actions() {
        let full = action.to_string();
        for written in [full.clone(), full.to_ascii_lowercase(), full.to_ascii_uppercase()] {
            assert_eq!(catalog().action(&written), Some(action), "{written}");
            assert!(catalog().expand(&ActionPattern::new(&written)).eq([action]), "{written}");
        }
        let all = ActionPattern::new(&format!("{full}*"));
        assert_eq!(catalog().expand(&all).next(), Some(action), "{full}*");
        // Without its last character, and with one that may be any.
        let mut open = full.clone();
        open.pop();
        for pattern in [format!("{open}*"), format!("{open}?")] {
            let found = catalog().expand(&ActionPattern::new(&pattern)).any(|found| found == action);
            assert!(found, "{pattern}");
        }
    }
}

#[test]
fn a_pattern_names_the_actions_it_matches() {
    let patterns = [
        "*",
        "*:*",
        "s3:*",
        "S3:Get*",
        "s3:*Object",
        "s3:*acl*",
        "s3:Get?bject",
        "ec2:Describe*s",
        "iam:?et*",
        "s3:GetObject",
        "s3:",
        "s3:GetObjectX",
        "nothing:*",
        "s*:Get*",
        "sts:*Role*",
        "lambda:*Function*C*",
    ];
    let all: Vec<(Action, _)> =
        catalog().actions().map(|action| (action.to_string().parse().unwrap(), action)).collect();
    for pattern in patterns {
        let pattern = ActionPattern::new(pattern);
        let wanted: Vec<_> =
            all.iter().filter(|(name, _)| pattern.matches(name)).map(|(_, entry)| *entry).collect();
        let found: Vec<_> = catalog().expand(&pattern).collect();
        assert_eq!(found, wanted, "{}", pattern.as_str());
    }
}

#[test]
fn what_is_embedded_is_small() {
    assert!(catalog().as_bytes().len() <= 1_500_000, "{}", catalog().as_bytes().len());
    let policies = iamsim_catalog::ManagedPolicies::embedded().as_bytes().len();
    assert!(policies <= 600_000, "{policies}");
}

#[test]
fn every_service_and_key_is_found_in_any_case() {
    for service in catalog().services() {
        assert_eq!(catalog().service(service.prefix()), Some(service));
        assert_eq!(catalog().service(&service.prefix().to_ascii_uppercase()), Some(service));
        assert!(!service.name().is_empty());
    }
    for key in catalog().keys() {
        let written = key.name().to_ascii_uppercase().replace("${", "x").replace('}', "y");
        assert!(catalog().keys_named(&written).contains(&key) || !key.is_pattern(), "{key}");
        let named = catalog().keys_named(&key.name().to_ascii_lowercase());
        assert!(named.contains(&key) || key.is_pattern(), "{key}");
        assert!(key.matches(&written) || !key.is_pattern(), "{key}");
    }
}

/// One line for an action: levels; types, `!` where required; keys of the action itself.
fn row(action: &str) -> String {
    let entry = catalog().action(action).unwrap();
    let levels: Vec<_> = entry.levels().map(AccessLevel::as_str).collect();
    let types: Vec<_> = entry
        .resources()
        .map(|on| format!("{}{}", on.resource_type().name(), if on.is_required() { "!" } else { "" }))
        .collect();
    let keys = entry.keys().count();
    format!("{} | {} | {keys}", levels.join(", "), types.join(", "))
}

#[test]
fn the_actions_that_were_compared_by_hand_say_what_they_said() {
    assert_eq!(row("lambda:InvokeFunction"), "Write | function! | 2");
    assert_eq!(row("lambda:DeleteFunction"), "Write | function! | 0");
    assert_eq!(row("iam:PassRole"), "Write | role! | 2");
    assert_eq!(row("s3:GetObject"), "Read | accesspointobject, object | 8");
    assert_eq!(row("kms:Decrypt"), "Write | key! | 63");
    assert!(row("sts:AssumeRole").starts_with("Write | role! | "));
    let listed = |action: &str, key: &str| {
        let entry = catalog().action(action).unwrap();
        assert_eq!(catalog().applicability(entry, None, key), Applicability::Listed, "{action} {key}");
    };
    for key in ["lambda:EventSourceToken", "lambda:InvokedViaFunctionUrl"] {
        listed("lambda:InvokeFunction", key);
    }
    for key in [
        "sts:ExternalId",
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
        "saml:sub",
        "iam:ResourceTag/team",
    ] {
        listed("sts:AssumeRole", key);
    }
    for key in ["iam:PassedToService", "iam:AssociatedResourceArn"] {
        listed("iam:PassRole", key);
    }
    for key in ["s3:ExistingObjectTag/class", "s3:ResourceAccount"] {
        listed("s3:GetObject", key);
    }
    for key in ["kms:ViaService", "kms:EncryptionContext:purpose", "kms:RecipientAttestation:ImageSha384"] {
        listed("kms:Decrypt", key);
    }
}

#[test]
fn access_levels_are_a_set() {
    let both = |one, other| {
        catalog().actions().filter(|action| action.has_level(one) && action.has_level(other)).count()
    };
    assert_eq!(both(AccessLevel::PermissionsManagement, AccessLevel::Write), 425);
    assert_eq!(both(AccessLevel::Tagging, AccessLevel::Write), 719);
}

#[test]
fn actions_without_resource_types_differ_from_those_where_none_is_required() {
    assert!(catalog().action("s3:GetObject").unwrap().has_resource_types());
    assert!(!catalog().action("s3:ListAllMyBuckets").unwrap().has_resource_types());
    let without = catalog().actions().filter(|action| !action.has_resource_types()).count();
    assert_eq!(without, 6_724);
    let several = |action: &iamsim_catalog::ActionEntry<'_>| {
        action.resources().filter(|on| on.is_required()).count() > 1
    };
    // 1,408 in the source, three of which list one type twice.
    assert_eq!(catalog().actions().filter(several).count(), 1_405);
    // PE-RES-14, PE-RES-20
    let asked = |action: &str| catalog().action(action).unwrap().asked_with();
    assert_eq!(asked("s3:ListAllMyBuckets"), Some("arn:${Partition}:s3:::*"));
    assert_eq!(asked("iam:ListRoles"), Some("arn:${Partition}:iam::${Account}:role/*"));
    assert_eq!(
        asked("logs:DescribeLogGroups"),
        Some("arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:")
    );
    let groups = catalog().action("logs:DescribeLogGroups").unwrap();
    for (entry, expected) in [("log-group:*", true), ("*", true), ("log-group:/aws/lambda/*", false)] {
        let pattern = ArnPattern::parse(&format!("arn:aws:logs:*:*:{entry}"), true).unwrap();
        assert_eq!(groups.is_asked_on(&pattern), expected, "{entry}");
    }
    assert_eq!(catalog().actions().filter(|action| action.asked_with().is_some()).count(), 3);
}

#[test]
fn condition_keys_hang_at_actions_at_pairs_and_at_resource_types() {
    let actions: usize = catalog().actions().map(|action| action.keys().count()).sum();
    let pairs: usize = catalog()
        .actions()
        .flat_map(iamsim_catalog::ActionEntry::resources)
        .map(|on| on.keys().count())
        .sum();
    // 13,004 in the source, which lists two of them twice.
    assert_eq!((actions, pairs), (13_002, 8_169));
    // Of the pair, and of the type.
    let run = catalog().action("ec2:RunInstances").unwrap();
    let on = |arn: &str, key: &str| catalog().applicability(run, Some(&arn.parse().unwrap()), key);
    let instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0";
    let image = "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0";
    assert_eq!(on(instance, "ec2:InstanceType"), Applicability::Listed);
    assert_eq!(on(image, "ec2:ImageType"), Applicability::Listed);
    assert_eq!(on(image, "ec2:KeyPairName"), Applicability::Never);
}

#[test]
fn three_notations_of_placeholders_are_one() {
    for (written, name) in [
        ("aws:PrincipalTag/team", "aws:PrincipalTag/${TagKey}"),
        ("S3:ExistingObjectTag/Class", "s3:ExistingObjectTag/${TagKey}"),
        ("secretsmanager:ResourceTag/team", "secretsmanager:ResourceTag/${TagKey}"),
        ("ssm:resourceTag/team", "ssm:resourceTag/${TagKey}"),
        ("kms:EncryptionContext:purpose", "kms:EncryptionContext:${EncryptionContextKey}"),
        ("token.actions.githubusercontent.com:actor", "token.actions.githubusercontent.com:actor"),
        ("github.com/enterprises/acme:actor", "github.com/enterprises/${EnterpriseName}:actor"),
    ] {
        assert_eq!(catalog().key(written).map(KeyEntry::name), Some(name), "{written}");
    }
    assert!(
        catalog().keys().all(|key| !key.name().contains(['<', '>']) && !key.name().ends_with("/tag-key"))
    );
}

#[test]
fn a_key_with_two_types_has_both() {
    let types: Vec<_> =
        catalog().keys_named("identitystore:UserId").iter().map(|key| key.value_type().to_string()).collect();
    assert_eq!(types, ["String", "ArrayOfString"]);
    let twice = catalog().keys().map(|key| key.name().to_ascii_lowercase()).collect::<BTreeSet<_>>().len();
    assert_eq!(catalog().keys().len() - twice, 1);
}

#[test]
fn keys_have_the_types_the_rules_rely_on() {
    let check = |key: &str, expected: &str| {
        assert_eq!(catalog().key(key).unwrap().value_type().to_string(), expected, "{key}");
    };
    // PE-SET-01
    for key in [
        "aws:TagKeys",
        "aws:PrincipalOrgPaths",
        "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths",
        "aws:VpceOrgPaths",
        "aws:CalledVia",
        "aws:PrincipalServiceNamesList",
        "sts:TransitiveTagKeys",
        "dynamodb:Attributes",
        "cognito-identity.amazonaws.com:amr",
    ] {
        check(key, "ArrayOfString");
    }
    check("aws:PrincipalArn", "ARN"); // PE-KEY-01
    check("aws:SourceIp", "IPAddress"); // PE-KEY-17
    check("aws:MultiFactorAuthPresent", "Bool"); // PE-KEY-22
    check("aws:MultiFactorAuthAge", "Numeric"); // PE-KEY-23
    check("aws:TokenIssueTime", "Date"); // PE-KEY-24
}

#[test]
fn global_keys_go_with_every_action_and_tag_keys_with_those_that_list_them() {
    let check = |action: &str, key: &str, expected| {
        let entry = catalog().action(action).unwrap();
        assert_eq!(catalog().applicability(entry, None, key), expected, "{action} {key}");
    };
    check("sqs:SendMessage", "aws:PrincipalOrgID", Applicability::Global);
    check("sqs:CreateQueue", "aws:RequestTag/team", Applicability::Listed);
    check("sqs:SendMessage", "aws:RequestTag/team", Applicability::Never);
    check("sqs:SendMessage", "aws:TagKeys", Applicability::Never);
    check("sqs:SendMessage", "aws:ResourceTag/team", Applicability::Listed);
    check("dynamodb:DeleteBackup", "aws:ResourceTag/team", Applicability::Global);
    check("s3:ListAllMyBuckets", "aws:ResourceTag/team", Applicability::Never);
    check("s3:GetObject", "lambda:Principal", Applicability::Never);
    check("lambda:InvokeFunction", "lambda:Principal", Applicability::Never);
    check("s3:GetObject", "s3:nonsense", Applicability::Unknown);
}

#[test]
fn an_arn_can_be_of_several_types() {
    let check = |arn: &str, expected: &[&str]| {
        let found = catalog().resource_types(&arn.parse().unwrap());
        let found: Vec<_> =
            found.iter().map(|found| format!("{}:{}", found.service(), found.name())).collect();
        assert_eq!(found, expected, "{arn}");
    };
    check("arn:aws:s3:::reports/2026/q1.csv", &["s3:object"]);
    check("arn:aws:sqs:eu-west-1:111122223333:orders", &["sqs:queue"]);
    check("arn:aws:lambda:eu-west-1:111122223333:function:orders", &["lambda:function"]);
    check(
        "arn:aws:lambda:eu-west-1:111122223333:function:orders:7",
        &["lambda:function alias", "lambda:function version"],
    );
    // A format that names no service is the last resort.
    check("arn:aws:nothing:eu-west-1:111122223333:kind:x", &["backup:recoveryPoint"]);
    check("arn:aws:nothing:::x", &[]);
    let role = catalog().resource_types(&"arn:aws:iam::111122223333:role/a/b/R".parse().unwrap());
    assert!(role.iter().any(|found| found.service().prefix() == "iam" && found.name() == "role"));
    // 31 groups of types with one shape in 15 services.
    let mut groups = BTreeSet::new();
    let shape = |format: &str| {
        let mut shape = String::new();
        for piece in format.replace('*', "${Any}").split("${") {
            shape.push('$');
            shape.push_str(piece.split_once('}').map_or(piece, |(_, rest)| rest));
        }
        shape
    };
    for service in catalog().services() {
        let shapes: Vec<_> = service.resource_types().map(|kind| shape(kind.arn_format())).collect();
        for one in &shapes {
            if shapes.iter().filter(|other| *other == one).count() > 1 {
                groups.insert((service.prefix(), one.clone()));
            }
        }
    }
    let services: BTreeSet<_> = groups.iter().map(|(service, _)| *service).collect();
    assert_eq!((groups.len(), services.len()), (31, 15));
}

#[test]
fn a_type_has_every_format_that_its_generations_write() {
    let kind = |service: &str, name: &str| {
        let service = catalog().service(service).unwrap();
        service.resource_types().find(|kind| kind.name() == name).unwrap()
    };
    let check = |service: &str, name: &str, arns: &[&str]| {
        assert_eq!(kind(service, name).arn_formats().count(), arns.len(), "{service} {name}");
        for arn in arns {
            assert!(kind(service, name).matches(&arn.parse().unwrap()), "{arn}");
            assert!(kind(service, name).overlaps(&ArnPattern::parse(arn, true).unwrap()), "{arn}");
            let found = catalog().resource_types(&arn.parse().unwrap());
            assert!(found.iter().any(|found| found.name() == name), "{arn} {found:?}");
        }
    };
    check(
        "lex",
        "bot",
        &["arn:aws:lex:eu-west-1:111122223333:bot/B", "arn:aws:lex:eu-west-1:111122223333:bot:B"],
    );
    check(
        "apigateway",
        "Stage",
        &[
            "arn:aws:apigateway:eu-west-1::/apis/a/stages/s",
            "arn:aws:apigateway:eu-west-1::/restapis/a/stages/s",
        ],
    );
    check("s3", "bucket", &["arn:aws:s3:::b"]);
}

#[test]
fn what_the_reference_leaves_open_is_not_called_never() {
    let check = |action: &str, key: &str, expected| {
        let entry = catalog().action(action).unwrap();
        assert_eq!(catalog().applicability(entry, None, key), expected, "{action} {key}");
    };
    // Listed by the service, and for no action: nobody knows where it goes.
    check("iottwinmaker:GetEntity", "iottwinmaker:linkedServices", Applicability::Unknown);
    check("dynamodb:Query", "dynamodb:FirstPartitionKeyValues", Applicability::Unknown);
    check("s3:GetObject", "dynamodb:FirstPartitionKeyValues", Applicability::Never);
    // One prefix on several pages of AWS's: what one page says of an action is not all.
    check("aws-marketplace:Subscribe", "aws-marketplace:ProductId", Applicability::Global);
    check("elasticloadbalancing:AddTags", "elasticloadbalancing:ListenerProtocol", Applicability::Global);
    check("elasticloadbalancing:AddTags", "lambda:Principal", Applicability::Never);
    // Every prefix in that list is one, and the reference shows the gap.
    for prefix in [
        "apigateway",
        "aws-marketplace",
        "elasticloadbalancing",
        "greengrass",
        "kinesisanalytics",
        "lex",
        "ses",
    ] {
        assert!(catalog().service(prefix).unwrap().has_several_pages(), "{prefix}");
    }
    let api = catalog().service("apigateway").unwrap();
    assert!(api.resource_types().any(|kind| kind.name() == "Apis" && !kind.has_actions()));
    assert!(api.resource_types().any(|kind| kind.name() == "RestApis" && kind.has_actions()));
}

#[test]
fn every_format_holds_arns_of_itself() {
    for (kind, format) in catalog()
        .services()
        .flat_map(iamsim_catalog::Service::resource_types)
        .flat_map(|kind| kind.arn_formats().map(move |format| (kind, format)))
    {
        let mut arn = String::new();
        for piece in format.replace('*', "${Any}").split("${") {
            let filled = piece.split_once('}').map(|(_, rest)| format!("x{rest}"));
            arn.push_str(&filled.unwrap_or_else(|| piece.to_owned()));
        }
        let arn = arn.parse().unwrap();
        assert!(kind.matches(&arn), "{kind:?} {arn}");
        assert!(catalog().resource_types(&arn).contains(&kind) || !catalog().resource_types(&arn).is_empty());
        let pattern = ArnPattern::parse(arn.as_str(), true).unwrap();
        assert!(kind.overlaps(&pattern), "{kind:?} {arn}");
        assert!(kind.overlaps(&ArnPattern::parse("arn:*", true).unwrap()), "{kind:?}");
    }
}

#[test]
fn resource_control_policies_are_announced_for_twelve_services_and_listed_for_more() {
    let control = |service: &str| catalog().service(service).unwrap().resource_control();
    // PE-RCP-02
    for service in
        ["s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-idp", "logs", "dynamodb"]
    {
        assert_eq!(control(service), ResourceControl::Announced, "{service}");
    }
    assert_eq!(control("lambda"), ResourceControl::None);
    assert_eq!(control("transfer"), ResourceControl::Listed);
    assert!(control("transfer").is_bound());
}

#[test]
fn service_principals_are_known_with_region_and_in_other_partitions() {
    for name in ["lambda.amazonaws.com", "logs.eu-west-1.amazonaws.com", "ec2.amazonaws.com.cn"] {
        assert!(catalog().has_service_principal(name), "{name}");
    }
    for name in ["lamda.amazonaws.com", "lambda.example.com", "lambda", "logs.nowhere.amazonaws.com"] {
        assert!(!catalog().has_service_principal(name), "{name}");
    }
    assert_eq!(catalog().service_principals().len(), 412);
}

#[test]
fn names_that_do_not_exist_have_a_nearest_one() {
    assert_eq!(catalog().nearest_service("lamda").unwrap().prefix(), "lambda");
    assert_eq!(
        catalog().nearest_action("Lambda:InvokeFuntion").unwrap().to_string(),
        "lambda:InvokeFunction"
    );
    assert_eq!(catalog().nearest_action("lambda:Nonsense"), None);
    assert_eq!(catalog().nearest_key("s3:prefx").unwrap().name(), "s3:prefix");
    assert_eq!(catalog().nearest_key("nocolon"), None);
}

#[test]
fn dependent_actions_are_actions() {
    let create = catalog().action("lambda:CreateFunction").unwrap();
    let needs: Vec<_> = create.dependent_actions().map(|action| action.to_string()).collect();
    assert!(needs.contains(&"iam:PassRole".to_owned()), "{needs:?}");
    let links: usize = catalog().actions().map(|action| action.dependent_actions().count()).sum();
    assert_eq!(links, 4_357);
}

#[test]
fn the_sources_are_named_with_version_licence_and_hash() {
    let notice = include_str!("../NOTICE");
    for source in catalog().sources() {
        assert_eq!(source.sha256().len(), 64);
        assert!(["MIT", "Apache-2.0"].contains(&source.licence()));
        assert!(notice.contains(source.package()) && notice.contains(source.version()), "{source}");
    }
    assert_eq!(catalog().sources().len(), 4);
}

#[test]
fn damaged_bytes_are_refused_or_read_without_harm() {
    let whole = catalog().as_bytes();
    assert_eq!(Catalog::from_bytes(&b"{}"[..]).unwrap_err(), InvalidCatalog::NotACatalog);
    let mut other = whole.to_vec();
    other[15] = 9;
    let refused = Catalog::from_bytes(other).unwrap_err();
    assert_eq!(refused.to_string(), "this catalog file has layout 9, and layout 1 is read");
    for length in [0, 16, 40, 64, 65, whole.len() / 2, whole.len() - 1] {
        assert!(Catalog::from_bytes(&whole[..length]).is_err(), "{length}");
    }
    // A small catalog, each byte changed in turn.
    let text = "source\tnpm\ta\t1\tMIT\tb\tc\td\te\tf\nglobal\taws:a\tString\nprincipal\ta.amazonaws.com\n\
        service\ta\tA\tlisted\nkey\ta:k/${K}\tBool\nkey\taws:a\tString\ntype\tt\tarn:aws:a:::${T}\taws:a\n\
        action\tDo\tRead\taws:a\ta:Go\non\tt\trequired\ta:k/${K}\naction\tGo\tWrite,Tagging\nasks\tarn:aws:a:::*\n";
    let small = Catalog::from_text(text).unwrap();
    for at in 0..small.as_bytes().len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = small.as_bytes().to_vec();
            bytes[at] ^= change;
            let Ok(read) = Catalog::from_bytes(bytes) else { continue };
            for action in read.actions() {
                let _ = format!("{action} {:?} {:?}", row_of(action), action.asked_with());
            }
            let _ = read.key("a:k/x").map(|key| key.value_type().to_string());
            let _ = read.resource_types(&"arn:aws:a:::x".parse().unwrap());
            let _ = read.action("a:Do").map(|action| read.applicability(action, None, "aws:a"));
        }
    }
}

fn row_of(action: iamsim_catalog::ActionEntry<'_>) -> (usize, usize, usize) {
    (action.keys().count(), action.resources().count(), action.dependent_actions().count())
}

#[test]
fn a_text_that_breaks_a_rule_is_refused_with_its_line() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Catalog::from_text(text).unwrap_err().to_string(), expected, "{text}");
    };
    check("", "line 0: the text defines no service");
    check("service\ta\tA\n\nservice\ta\tA\n", "line 3: `a` is there twice");
    check("service\tb\tB\nservice\ta\tA\n", "line 2: `a` comes before `b`");
    check("service\ta\tA\tperhaps\n", "line 1: `perhaps` is neither `announced` nor `listed`");
    check("service\tA\tA\n", "line 1: `A` is not the prefix of a service");
    check("key\ta:k\tString\n", "line 1: `key` stands before the first `service`");
    check("service\ta\tA\non\tt\n", "line 2: `on` stands before the first `action`");
    check("service\ta\tA\nkey\ta:k\tText\n", "line 2: `Text` is not the type of a condition key");
    check("service\ta\tA\nkey\ta:<k>\tString\n", "line 2: `a:<k>` holds a placeholder that is not `${Name}`");
    check("service\ta\tA\nkey\ta:${k\tString\n", "line 2: `a:${k` holds a placeholder that is not `${Name}`");
    check("service\ta\tA\ntype\tt\tarn:aws:a\n", "line 2: `arn:aws:a` is not an ARN format");
    check("service\ta\tA\ntype\tt\tarn:aws:a:::x, b\n", "line 2: `b` is not an ARN format");
    check(
        "service\ta\tA\ntype\tt\tarn:aws:a:::x, arn:aws:b:::x\n",
        "line 2: `arn:aws:b:::x` is of another service than the first format",
    );
    check("service\ta\tA\naction\tDo\tSome\n", "line 2: `Some` is not an access level");
    check("service\ta\tA\naction\tDo\n", "line 2: an action has an access level");
    check("service\ta\tA\nverb\tDo\n", "line 2: `verb` is not the beginning of a line");
    check("service\n", "line 1: a name is missing");
    check("principal\ta\tb\n", "line 1: a `principal` line has at most 2 fields");
    check(
        "service\ta\tA\naction\tDo\tRead\ta:k\n",
        "line 2: `a` refers to the condition key `a:k`, which is not there",
    );
    check(
        "service\ta\tA\naction\tDo\tRead\non\tt\n",
        "line 2: `a` refers to the resource type `t`, which is not there",
    );
    check(
        "service\ta\tA\naction\tDo\tRead\t\ta:Go\n",
        "line 2: `a` refers to the dependent action `a:Go`, which is not there",
    );
}
