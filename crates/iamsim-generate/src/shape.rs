//! What organizations look like: sizes, shares and distributions.
//!
//! The percentiles were measured over public policies: AWS's managed ones, the roles that serverless templates
//! make, one dump of an account. The shares of archetypes were not: nobody publishes an organization, so they
//! are our defaults.

use std::fmt;
use std::str::FromStr;

use crate::draw::Percentiles;

/// How large an organization is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "five sizes, each ten times the one before")]
pub enum Tier {
    /// 10 roles in one account.
    S,
    /// 100 roles in two accounts.
    M,
    /// 1,000 roles in ten accounts.
    L,
    /// 10,000 roles in sixty accounts.
    XL,
    /// 100,000 roles in five hundred accounts.
    XXL,
}

impl Tier {
    /// Every tier, the smallest first.
    pub const ALL: [Self; 5] = [Self::S, Self::M, Self::L, Self::XL, Self::XXL];

    /// How many there are of what.
    pub const fn size(self) -> Size {
        let (roles, accounts, units, depth, users, policies) = match self {
            Self::S => (10, 1, 1, 1, 4, 6),
            Self::M => (100, 2, 2, 2, 20, 60),
            Self::L => (1_000, 10, 5, 3, 100, 600),
            Self::XL => (10_000, 60, 12, 4, 500, 6_000),
            Self::XXL => (100_000, 500, 40, 5, 2_000, 60_000),
        };
        Size { roles, accounts, units, depth, users, policies }
    }

    /// `S` … `XXL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::M => "M",
            Self::L => "L",
            Self::XL => "XL",
            Self::XXL => "XXL",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|tier| tier.as_str().eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("there is no tier `{name}`: S, M, L, XL or XXL"))
    }
}

/// How many things an organization has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever measures growth makes sizes of their own")]
pub struct Size {
    /// Roles in all accounts, service-linked ones too.
    pub roles: usize,
    /// Member accounts; the management account comes on top and holds nothing.
    pub accounts: usize,
    /// Organizational units.
    pub units: usize,
    /// How deep units lie in units.
    pub depth: usize,
    /// Users in all accounts.
    pub users: usize,
    /// Customer managed policies in all accounts.
    pub policies: usize,
}

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Archetype {
    /// A service's: an inline policy of the kind templates make, and an AWS managed one.
    Application,
    /// A pipeline's, trusted through OIDC.
    Pipeline,
    /// People's, trusted through SAML, with a job function of AWS.
    Person,
    /// Another account's; half of them ask for an external id.
    CrossAccount,
    /// Made by a service for itself.
    ServiceLinked,
    /// An administrator's.
    Administrator,
    /// Old and wide: whole services on everything.
    Legacy,
}

/// Shares of the archetypes, in percent.
pub(crate) const ARCHETYPES: &[(Archetype, u32)] = &[
    (Archetype::Application, 55),
    (Archetype::Pipeline, 8),
    (Archetype::Person, 7),
    (Archetype::CrossAccount, 12),
    (Archetype::ServiceLinked, 8),
    (Archetype::Administrator, 4),
    (Archetype::Legacy, 6),
];

/// Roles with a permissions boundary, in percent.
pub(crate) const BOUNDARIES: usize = 5;
/// Customer policies whose document others have too, unless said otherwise, in percent.
pub const DUPLICATES: usize = 30;
/// Resources with a policy of their own, in percent.
pub(crate) const RESOURCE_POLICIES: usize = 20;
/// Resources of a role.
pub(crate) const RESOURCES_PER_ROLE: usize = 3;
/// Tags of a role.
pub(crate) const TAGS: Percentiles = [0, 0, 0, 1, 3, 3, 3, 3];
/// Statements of a customer policy: the user guide's examples and AWS's own policies, half and half, as far as
/// 6,144 characters go.
pub(crate) const STATEMENTS: Percentiles = [1, 1, 1, 3, 6, 9, 12, 20];
/// Statements of a template's inline policy.
pub(crate) const INLINE_STATEMENTS: Percentiles = [1, 1, 1, 1, 2, 3, 5, 6];
/// Actions of a statement of it.
pub(crate) const INLINE_ACTIONS: Percentiles = [1, 1, 1, 4, 6, 8, 18, 62];

/// Services in templates' inline policies, by how often they are named.
pub(crate) const INLINE_SERVICES: &[(&str, u32)] = &[
    ("ec2", 304),
    ("codecommit", 285),
    ("sqs", 183),
    ("dynamodb", 150),
    ("s3", 130),
    ("secretsmanager", 100),
    ("kinesis", 78),
    ("ses", 69),
    ("rekognition", 69),
    ("states", 65),
    ("athena", 63),
    ("logs", 45),
    ("lambda", 40),
    ("sns", 34),
    ("kms", 31),
];

/// AWS managed policies on templates' roles, by how often they are attached.
pub(crate) const POPULAR_POLICIES: &[(&str, u32)] = &[
    ("AWSLambdaBasicExecutionRole", 1919),
    ("AWSAppSyncPushToCloudWatchLogs", 66),
    ("AmazonDynamoDBFullAccess", 58),
    ("AWSCodeDeployRoleForLambda", 49),
    ("AWSLambdaMSKExecutionRole", 46),
    ("AWSLambdaRole", 45),
    ("AmazonS3ReadOnlyAccess", 37),
    ("AWSLambdaKinesisExecutionRole", 34),
    ("AWSLambdaSQSQueueExecutionRole", 34),
    ("AWSXRayDaemonWriteAccess", 34),
    ("AWSLambdaDynamoDBExecutionRole", 31),
    ("AWSXrayWriteOnlyAccess", 28),
    ("AWSLambda_FullAccess", 22),
    ("AmazonDynamoDBReadOnlyAccess", 19),
    ("AmazonS3FullAccess", 19),
    ("AWSCodeDeployRole", 16),
    ("AmazonSSMManagedInstanceCore", 16),
    ("AWSLambdaVPCAccessExecutionRole", 14),
    ("AmazonAPIGatewayPushToCloudWatchLogs", 11),
    ("AmazonAPIGatewayInvokeFullAccess", 10),
    ("CloudWatchLambdaInsightsExecutionRolePolicy", 7),
    ("AWSLambdaExecute", 6),
    ("AmazonEC2ReadOnlyAccess", 6),
];

/// What people's roles have.
pub(crate) const JOB_FUNCTIONS: &[&str] = &[
    "ReadOnlyAccess",
    "PowerUserAccess",
    "ViewOnlyAccess",
    "SecurityAudit",
    "SupportUser",
    "Billing",
    "DatabaseAdministrator",
    "DataScientist",
    "NetworkAdministrator",
    "SystemAdministrator",
];

/// Actions in recorded trails, by how often they were called.
pub(crate) const POPULAR_ACTIONS: &[(&str, u32)] = &[
    ("ssm:DescribeInstanceInformation", 112),
    ("ec2:DescribeInstances", 33),
    ("ec2:GetPasswordData", 30),
    ("secretsmanager:GetSecretValue", 20),
    ("ec2:DescribeInstanceAttribute", 15),
    ("sts:AssumeRole", 12),
    ("ssm:GetCommandInvocation", 8),
    ("ssm:DescribeParameters", 5),
    ("ssm:GetParameters", 5),
    ("ssm:StartSession", 3),
    ("iam:CreateAccessKey", 2),
    ("ssm:SendCommand", 2),
    ("cloudtrail:StopLogging", 1),
    ("iam:AttachRolePolicy", 1),
    ("iam:CreateUser", 1),
    ("ec2:RunInstances", 1),
    ("ec2:StopInstances", 1),
    ("ec2:ModifyImageAttribute", 1),
    ("rds:ModifyDBSnapshotAttribute", 1),
    ("bedrock:InvokeModel", 1),
];

pub(crate) const REGIONS: &[&str] =
    &["us-east-1", "us-east-1", "us-east-1", "eu-west-1", "eu-west-1", "eu-central-1", "ap-southeast-2"];
pub(crate) const TEAMS: &[&str] =
    &["payments", "checkout", "search", "identity", "data", "ml", "web", "mobile", "ops", "billing"];
pub(crate) const THINGS: &[&str] = &[
    "orders", "invoices", "events", "images", "reports", "audit", "sessions", "exports", "catalog", "models",
    "drafts", "metrics",
];
pub(crate) const STAGES: &[&str] = &["prod", "stage", "dev"];
/// Services whose roles templates make.
pub(crate) const TRUSTED_SERVICES: &[(&str, u32)] = &[
    ("lambda.amazonaws.com", 80),
    ("ec2.amazonaws.com", 8),
    ("ecs-tasks.amazonaws.com", 6),
    ("states.amazonaws.com", 3),
    ("codebuild.amazonaws.com", 3),
];
