//! The files themselves, and what a world is made of.

use super::steps::{INVARIANT, STEPS};
use super::{
    ACCOUNT_ID, ARN, BOUNDARY, CONTEXT, DURATION, Field, INSTANT, NOT_EMPTY, ONE_OR_MANY, Object, PARTITIONS,
    POLICIES, POLICY, POLICY_OR_NULL, RESOURCE_POLICY, Shape, TAGS_OR_NULL, TEXT, TEXTS, TRUST, field,
    required,
};

pub(crate) static SCENARIO: Object = Object {
    name: "a scenario",
    id: "scenario",
    doc: "One story: a world, the steps taken in it, and what is expected of each.",
    fields: &[
        SCHEMA,
        required("scenario", NOT_EMPTY, "The title, as a sentence."),
        FORMAT,
        field("about", ONE_OR_MANY, "Prose for the reader: a paragraph, or a list of paragraphs."),
        field("rules", TEXTS, "The rules of AWS the story shows, by id."),
        field("tags", TEXTS, "Words by which runs choose scenarios."),
        field("only", Shape::Flag, "Whether a run takes only this scenario, and others that say so."),
        field("skip", NOT_EMPTY, "Why the scenario is left out of every run."),
        INCLUDE,
        field("partition", Shape::Word(PARTITIONS), "The AWS partition; `aws` unless said otherwise."),
        field("now", INSTANT, "When the story begins; `2030-01-01T09:00:00Z` unless said otherwise."),
        NAMES,
        MANAGED_POLICIES,
        field("organization", Shape::Object(&ORGANIZATION), "The organization some accounts belong to."),
        ACCOUNTS,
        DEFAULTS_FIELD,
        field("never", Shape::List(&Shape::Object(&INVARIANT)), "What no step may make possible."),
        field("always", Shape::List(&Shape::Object(&INVARIANT)), "What no step may make impossible."),
        required("steps", Shape::List(&Shape::Any(&STEPS)), "What happens, in order."),
    ],
};

pub(crate) static WORLD: Object = Object {
    name: "a world",
    id: "world",
    doc: "A file of its own that scenarios include: accounts and what is in them, without a story.",
    fields: &[
        SCHEMA,
        required("world", NOT_EMPTY, "What it is, as a title."),
        FORMAT,
        field("about", ONE_OR_MANY, "Prose for the reader: a paragraph, or a list of paragraphs."),
        INCLUDE,
        field("partition", Shape::Word(PARTITIONS), "The AWS partition; the scenario's unless said."),
        NAMES,
        MANAGED_POLICIES,
        field("organization", Shape::Object(&ORGANIZATION), "The organization some accounts belong to."),
        ACCOUNTS,
        DEFAULTS_FIELD,
    ],
};

const SCHEMA: Field = field("$schema", Shape::Text, "Where editors find the schema; not read.");
const FORMAT: Field =
    field("format", Shape::One, "The version of the format. There is one so far, 1, and it is assumed.");
const PATHS: Shape = Shape::List(&Shape::Pattern("^[^\\\\]+$"));
const INCLUDE: Field =
    field("include", PATHS, "World files that this one adds to, by paths relative to this file, with `/`.");
const SHORT_NAMES: Shape = Shape::Map { key: "^[^*:/]+$", value: &ARN };
const NAMES: Field =
    field("names", SHORT_NAMES, "Short names for ARNs, usable wherever an ARN or a name is expected.");
const POLICIES_BY_ARN: Shape = Shape::Map { key: "^arn:[^:]+:iam::aws:policy/", value: &POLICY };
const MANAGED_POLICIES: Field = field(
    "managedPolicies",
    POLICIES_BY_ARN,
    "AWS managed policies whose text the story sets, by ARN; the others are the catalog's.",
);
const ACCOUNTS_BY_ID: Shape = Shape::Map { key: ACCOUNT_ID, value: &Shape::Object(&ACCOUNT) };
const ACCOUNTS: Field = field("accounts", ACCOUNTS_BY_ID, "The accounts, by their twelve digits.");
const DEFAULTS_FIELD: Field =
    field("defaults", Shape::Object(&DEFAULTS), "What every question is asked with.");

pub(crate) static FILE: Object = Object {
    name: "a file reference",
    id: "file",
    doc: "A policy in a file of its own.",
    fields: &[required(
        "file",
        Shape::Pattern("^[^\\\\]+$"),
        "The path, relative to the scenario, with `/`.",
    )],
};

pub(crate) static DEFAULTS: Object = Object {
    name: "the defaults",
    id: "defaults",
    doc: "What every question is asked with, unless the step says something else of the same key.",
    fields: &[
        field("region", Shape::Text, "The region requests go to."),
        field("context", CONTEXT, "Context keys and their values."),
        field("absent", TEXTS, "Context keys that requests don't carry; one that ends in `/` is a prefix."),
        field(
            "complete",
            Shape::Flag,
            "Whether keys nobody speaks of are absent. Otherwise they are unknown.",
        ),
    ],
};

pub(crate) static ORGANIZATION: Object = Object {
    name: "an organization",
    id: "organization",
    doc: "An organization with all features.",
    fields: &[
        required("management", Shape::Text, "The management account: its id or alias."),
        field("root", Shape::Object(&UNIT), "The root and everything below it."),
        field("rootSessions", Shape::Flag, "Whether AssumeRoot is open to the management account."),
    ],
};

pub(crate) static UNIT: Object = Object {
    name: "an organizational unit",
    id: "unit",
    doc: "The root or an organizational unit.",
    fields: &[
        field(
            "scps",
            POLICIES,
            "Service control policies attached here, by name; null detaches (`FullAWSAccess` is attached).",
        ),
        field("rcps", POLICIES, "Resource control policies attached here, by name; null detaches."),
        field("accounts", TEXTS, "The accounts directly in it, by id or alias."),
        field(
            "units",
            Shape::Map { key: "^[^/]+$", value: &Shape::Object(&UNIT) },
            "The units directly in it, by name.",
        ),
    ],
};

pub(crate) static ACCOUNT: Object = Object {
    name: "an account",
    id: "account",
    doc: "An account and everything in it.",
    fields: &[
        field("alias", Shape::Text, "The account's alias, usable wherever its id is."),
        field(
            "quotas",
            Shape::Any(&[Shape::Word(&["off"]), Shape::Map { key: "^[A-Z]", value: &Shape::Count }]),
            "Quotas raised or lowered, by AWS's name such as `PoliciesPerRole`; `off` lifts all.",
        ),
        field("users", Shape::Map { key: ".", value: &Shape::Object(&USER) }, USERS_DOC),
        field("groups", Shape::Map { key: ".", value: &Shape::Object(&GROUP) }, "Groups, by name."),
        field("roles", Shape::Map { key: ".", value: &Shape::Object(&ROLE) }, "Roles, by name."),
        field(
            "policies",
            Shape::Map { key: ".", value: POLICY_OR_NULL },
            "Customer managed policies, by name. One that exists gets a new default version; null deletes it.",
        ),
        field(
            "resources",
            Shape::Map { key: "^arn:", value: &Shape::Object(&RESOURCE) },
            "Resources, by ARN.",
        ),
        field(
            "oidcProviders",
            Shape::Map { key: "^https://", value: &Shape::List(TEXT) },
            "OIDC providers: the issuer's URL and the audiences it may name.",
        ),
        field("samlProviders", TEXTS, "SAML providers, by name."),
        field(
            "vpcEndpoints",
            Shape::Map { key: "^vpce-", value: &Shape::Object(&VPC_ENDPOINT) },
            "VPC endpoints, by id.",
        ),
        field("serviceLinkedRoles", TEXTS, "Services that have a service-linked role here."),
        field(
            "scps",
            POLICIES,
            "Service control policies attached to the account itself; null detaches (`FullAWSAccess` is attached).",
        ),
        field("rcps", POLICIES, "Resource control policies attached to the account itself; null detaches."),
    ],
};

pub(super) const USERS_DOC: &str =
    "Users, by name. A name may begin with a path, here and for groups, roles and policies: `ci/deployer`.";

pub(crate) static USER: Object = Object {
    name: "a user",
    id: "user",
    doc: "A user with long-term access keys.",
    fields: &[
        field("policies", POLICIES, INLINE_DOC),
        field("attached", TEXTS, ATTACHED_DOC),
        field("boundary", BOUNDARY, BOUNDARY_DOC),
        field("tags", TAGS_OR_NULL, TAGS_DOC),
        field("groups", TEXTS, "The groups the user is in."),
        field("mfaDevices", TEXTS, "Virtual MFA devices, by name."),
    ],
};

pub(super) const INLINE_DOC: &str = "Inline policies, by name; null deletes one.";
pub(super) const ATTACHED_DOC: &str = "Managed policies: names of the account's own, or ARNs.";
pub(super) const BOUNDARY_DOC: &str =
    "The permissions boundary: a managed policy's name or ARN, or the policy itself; null removes it.";
pub(super) const TAGS_DOC: &str = "Tags; null removes one.";

pub(crate) static GROUP: Object = Object {
    name: "a group",
    id: "group",
    doc: "A group of users.",
    fields: &[field("policies", POLICIES, INLINE_DOC), field("attached", TEXTS, ATTACHED_DOC)],
};

pub(crate) static ROLE: Object = Object {
    name: "a role",
    id: "role",
    doc: "A role.",
    fields: &[
        field(
            "trust",
            TRUST,
            "Who may assume it: a trust policy, or what the console's wizard asks. Required.",
        ),
        field("policies", POLICIES, INLINE_DOC),
        field("attached", TEXTS, ATTACHED_DOC),
        field("boundary", BOUNDARY, BOUNDARY_DOC),
        field("tags", TAGS_OR_NULL, TAGS_DOC),
        field("maxSession", DURATION, "The longest session, from `1h` (which it is unless said) to `12h`."),
        field("description", Shape::Text, "The role's description."),
    ],
};

const EXTRA_ACTIONS: Field = field(
    "actions",
    TEXTS,
    "Actions to add to the one the wizard writes, such as `sts:TagSession`, which it leaves out.",
);

pub(crate) static TRUST_SERVICE: Object = Object {
    name: "a trusted service",
    id: "trustService",
    doc: "The console's wizard: an AWS service.",
    fields: &[
        required("service", Shape::Text, "The service, such as `lambda.amazonaws.com`."),
        EXTRA_ACTIONS,
    ],
};

pub(crate) static TRUST_ACCOUNT: Object = Object {
    name: "a trusted account",
    id: "trustAccount",
    doc: "The console's wizard: an AWS account.",
    fields: &[
        required("account", Shape::Text, "The account: its id, or the alias of one in this file."),
        field("requireExternalId", Shape::Text, "The external id that callers have to know."),
        field("requireMfa", Shape::Flag, "Whether callers have to sign in with MFA."),
        EXTRA_ACTIONS,
    ],
};

pub(crate) static TRUST_WEB_IDENTITY: Object = Object {
    name: "a trusted web identity",
    id: "trustWebIdentity",
    doc: "The console's wizard: web identity.",
    fields: &[
        required(
            "webIdentity",
            Shape::Text,
            "The URL of an OIDC provider of the account, or `google`, `amazon`, `facebook`, `cognito`.",
        ),
        field("audience", Shape::Text, "The audience, app id or identity pool that tokens have to be for."),
        field("organization", Shape::Text, "GitHub Actions: the organization."),
        field("repository", Shape::Text, "GitHub Actions: only this repository of it."),
        field("branch", Shape::Text, "GitHub Actions: only this branch of the repository."),
        field(
            "authenticated",
            Shape::Flag,
            "Cognito: whether identities have to be signed in (true unless said).",
        ),
        EXTRA_ACTIONS,
    ],
};

pub(crate) static TRUST_SAML: Object = Object {
    name: "a trusted SAML provider",
    id: "trustSaml",
    doc: "The console's wizard: SAML 2.0 federation.",
    fields: &[
        required("saml", Shape::Text, "The SAML provider of the account, by name."),
        field("attribute", Shape::Text, "Programmatic access only: the SAML attribute that is required."),
        field("value", Shape::Text, "The value that attribute has to have."),
        EXTRA_ACTIONS,
    ],
};

pub(crate) static RESOURCE: Object = Object {
    name: "a resource",
    id: "resource",
    doc: "A resource with its own policy and tags.",
    fields: &[
        field("policy", RESOURCE_POLICY, "The policy on the resource; null removes it."),
        field("tags", TAGS_OR_NULL, TAGS_DOC),
        field(
            "grants",
            Shape::Map { key: ".", value: &Shape::Object(&GRANT) },
            "KMS grants on the key, by name.",
        ),
        field("restrictPublicBuckets", Shape::Flag, "S3: whether public policies are ignored for outsiders."),
        field("attributeBasedControl", Shape::Flag, "S3: whether the bucket's tags count as resource tags."),
    ],
};

pub(crate) static GRANT: Object = Object {
    name: "a grant",
    id: "grant",
    doc: "A KMS grant.",
    fields: &[
        required("grantee", Shape::Text, "Who gets it: an ARN, or a name in this file."),
        required("operations", TEXTS, "The operations, such as `Decrypt`."),
    ],
};

pub(crate) static VPC_ENDPOINT: Object = Object {
    name: "a VPC endpoint",
    id: "vpcEndpoint",
    doc: "A VPC endpoint.",
    fields: &[
        required("vpc", Shape::Pattern("^vpc-"), "The VPC it is in."),
        field("policy", POLICY, "Its policy; without one it lets everything through."),
    ],
};
