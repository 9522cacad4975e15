//! The format as tables: every object, its fields, what they take and what they mean.
//!
//! The reader refuses fields that are not here, the JSON Schema is generated from here, and a test holds
//! `testdata/README.md` against it; so the three can't part.

use iamsim::ErrorCode;

/// One kind of object in a scenario file.
#[derive(Debug)]
pub(crate) struct Object {
    /// With its article, as messages name it: `a role`.
    pub(crate) name: &'static str,
    /// Its name in the schema.
    pub(crate) id: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [Field],
}

/// One field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) doc: &'static str,
}

/// What a field takes.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    /// Text that an editor can check by a pattern.
    Pattern(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// The code of an AWS error.
    ErrorCode,
    /// The number 1: the format's version.
    One,
    Count,
    Flag,
    Null,
    /// A context value: text, number or boolean.
    Scalar,
    Object(&'static Object),
    Map {
        key: &'static str,
        value: &'static Shape,
    },
    List(&'static Shape),
    Any(&'static [Shape]),
    /// A policy as it stands in AWS.
    Document,
}

const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: false, doc }
}

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: true, doc }
}

const TEXT: &Shape = &Shape::Text;
const NOT_EMPTY: Shape = Shape::Pattern(".");
const ACCOUNT_ID: &str = "^[0-9]{12}$";
const ARN: Shape = Shape::Pattern("^arn:");
const ACTION: Shape = Shape::Pattern("^[^:]+:[^:]+$");
const DURATION: Shape = Shape::Pattern("^([0-9]+[dhms])+$");
const INSTANT: Shape = Shape::Pattern(
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$",
);
const POLICY: Shape = Shape::Any(&[Shape::Object(&FILE), Shape::Document]);
const RESOURCE_POLICY: Shape = Shape::Any(&[Shape::Object(&FILE), Shape::Document, Shape::Null]);
const POLICY_OR_NULL: &Shape = &RESOURCE_POLICY;
const POLICIES: Shape = Shape::Map { key: "", value: POLICY_OR_NULL };
const TAGS: Shape = Shape::Map { key: "", value: TEXT };
const TAGS_OR_NULL: Shape = Shape::Map { key: "", value: &Shape::Any(&[Shape::Text, Shape::Null]) };
const TEXTS: Shape = Shape::List(TEXT);
const ONE_OR_MANY: Shape = Shape::Any(&[Shape::Text, Shape::List(TEXT)]);
const ACTIONS: Shape = Shape::Any(&[ACTION, Shape::List(&ACTION)]);
const CONTEXT: Shape =
    Shape::Map { key: "", value: &Shape::Any(&[Shape::Scalar, Shape::List(&Shape::Scalar)]) };
const BOUNDARY: Shape = Shape::Any(&[Shape::Text, Shape::Object(&FILE), Shape::Document, Shape::Null]);
const TRUST: Shape = Shape::Any(&[
    Shape::Object(&FILE),
    Shape::Document,
    Shape::Object(&TRUST_SERVICE),
    Shape::Object(&TRUST_ACCOUNT),
    Shape::Object(&TRUST_WEB_IDENTITY),
    Shape::Object(&TRUST_SAML),
]);
const EXPECT: Shape = Shape::Any(&[NOT_EMPTY, Shape::Object(&EXPECTATION)]);
const MFA: Shape = Shape::Any(&[Shape::Text, Shape::Object(&MFA_CODE)]);

/// The words for a decision.
pub(crate) const DECISIONS: &[&str] = &["allow", "deny", "implicit deny", "explicit deny", "undetermined"];

/// The layers, in AWS's order of explaining.
pub(crate) const LAYERS: &[&str] = &[
    "resource-control",
    "service-control",
    "vpc-endpoint",
    "resource",
    "identity",
    "permissions-boundary",
    "session",
];

/// The code with which the simulator says that it can't tell whether AWS would open a session.
pub(crate) const UNDETERMINED_ERROR: &str = "Undetermined";

/// The AWS error codes a step may expect: all that the simulator answers with, sorted.
pub(crate) fn errors() -> Vec<&'static str> {
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    // What can't be told is no error of AWS's: it is expected as the decision `undetermined`.
    let mut codes: Vec<&'static str> = codes.filter(|code| *code != UNDETERMINED_ERROR).collect();
    codes.sort_unstable();
    codes
}

pub(crate) const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"];

pub(crate) static SCENARIO: Object = Object {
    name: "a scenario",
    id: "scenario",
    doc: "One story: a world, the steps taken in it, and what is expected of each.",
    fields: &[
        field("$schema", Shape::Text, "Where editors find the schema; not read."),
        required("scenario", NOT_EMPTY, "The title, as a sentence."),
        field("format", Shape::One, "The version of the format. There is one so far, 1, and it is assumed."),
        field("about", ONE_OR_MANY, "Prose for the reader: a paragraph, or a list of paragraphs."),
        field("rules", TEXTS, "The rules of AWS the story shows, by id."),
        field("partition", Shape::Word(PARTITIONS), "The AWS partition; `aws` unless said otherwise."),
        field("now", INSTANT, "When the story begins; `2030-01-01T09:00:00Z` unless said otherwise."),
        field(
            "names",
            Shape::Map { key: "^[^*:/]+$", value: &ARN },
            "Short names for ARNs, usable wherever an ARN or a name is expected.",
        ),
        field(
            "managedPolicies",
            Shape::Map { key: "^arn:[^:]+:iam::aws:policy/", value: &POLICY },
            "AWS managed policies whose text the story sets, by ARN; the others are the catalog's.",
        ),
        field("organization", Shape::Object(&ORGANIZATION), "The organization some accounts belong to."),
        field(
            "accounts",
            Shape::Map { key: ACCOUNT_ID, value: &Shape::Object(&ACCOUNT) },
            "The accounts, by their twelve digits.",
        ),
        field("defaults", Shape::Object(&DEFAULTS), "What every question is asked with."),
        required("steps", Shape::List(&Shape::Any(&STEPS)), "What happens, in order."),
    ],
};

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

const USERS_DOC: &str =
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

const INLINE_DOC: &str = "Inline policies, by name; null deletes one.";
const ATTACHED_DOC: &str = "Managed policies: names of the account's own, or ARNs.";
const BOUNDARY_DOC: &str =
    "The permissions boundary: a managed policy's name or ARN, or the policy itself; null removes it.";
const TAGS_DOC: &str = "Tags; null removes one.";

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

/// The kinds of steps. Each is known by its first field.
pub(crate) const STEPS: [Shape; 12] = [
    Shape::Object(&ASK),
    Shape::Object(&ASSUME),
    Shape::Object(&SIGN_IN),
    Shape::Object(&SWITCH_ROLE),
    Shape::Object(&SESSION_TOKEN),
    Shape::Object(&FEDERATION_TOKEN),
    Shape::Object(&ASSUME_ROOT),
    Shape::Object(&WAIT),
    Shape::Object(&AT),
    Shape::Object(&CHANGE),
    Shape::Object(&DELETE),
    Shape::Object(&RENAME),
];

const NAME: Field = field("name", NOT_EMPTY, "What the step shows, as a sentence.");
const EXPECTED: Field =
    field("expect", EXPECT, "What has to come: a decision, an AWS error code, or both with details.");
const AS: Field = required("as", Shape::Text, "Who calls.");
const BECOMES: Field = field("becomes", NOT_EMPTY, "The name by which later steps know the session.");
const FOR: Field = field("for", DURATION, "How long the session is asked to last, such as `30m`.");
const MFA_FIELD: Field =
    field("mfa", MFA, "The caller's MFA device, whose code is given; or the device and another code.");
const SESSION_POLICY: Field = field("policy", POLICY, "A session policy.");
const SESSION_POLICY_ARNS: Field =
    field("policyArns", TEXTS, "Managed policies as session policies: ARNs, or names of the role's account.");
const SESSION_TAGS: Field = field("tags", TAGS, "Session tags.");
const ON_BEHALF_OF: Field =
    field("onBehalfOf", Shape::Text, "For a service: the resource it acts for (`aws:SourceArn`).");
const SOURCE_ACCOUNT: Field =
    field("sourceAccount", Shape::Text, "For a service: the account it acts for (`aws:SourceAccount`).");

pub(crate) static ASK: Object = Object {
    name: "a question",
    id: "do",
    doc: "A question: may this caller do this? Lists ask every combination.",
    fields: &[
        required("do", ACTIONS, "The action, or several."),
        required("as", ONE_OR_MANY, "Who asks, or several."),
        field("on", ONE_OR_MANY, "The resource, or several: an ARN or a name; without it `*`, none."),
        NAME,
        field("region", Shape::Text, "The region the request goes to."),
        field("context", CONTEXT, "Context keys and their values."),
        field("tags", TAGS, "Tags passed in the request; `{}` says that it passes none."),
        field("unknown", TEXTS, "Context keys of which nothing is known."),
        field("absent", TEXTS, "Context keys the request doesn't carry; one that ends in `/` is a prefix."),
        field(
            "complete",
            Shape::Flag,
            "Whether keys nobody speaks of are absent. Otherwise they are unknown.",
        ),
        field("via", Shape::Text, "The service that forwards the request with the caller's credentials."),
        field("through", Shape::Text, "The VPC endpoint the request comes through."),
        field("owner", Shape::Text, "The account the resource belongs to, where its ARN doesn't say."),
        ON_BEHALF_OF,
        SOURCE_ACCOUNT,
        EXPECTED,
    ],
};

pub(crate) static ASSUME: Object = Object {
    name: "an assumption of a role",
    id: "assume",
    doc: "AssumeRole; with `webIdentity` or `saml` the form for that identity.",
    fields: &[
        required("assume", Shape::Text, "The role: a name or an ARN."),
        field(
            "as",
            Shape::Text,
            "Who calls: a user, a session, or a service. Not with `webIdentity` or `saml`.",
        ),
        field(
            "session",
            NOT_EMPTY,
            "The role session name, which is also the name later steps use. A SAML assertion brings it as well.",
        ),
        BECOMES,
        NAME,
        FOR,
        field("externalId", Shape::Text, "The external id passed."),
        MFA_FIELD,
        SESSION_TAGS,
        field("transitiveTags", TEXTS, "Keys among the tags that further sessions inherit."),
        field("sourceIdentity", Shape::Text, "The source identity passed."),
        SESSION_POLICY,
        SESSION_POLICY_ARNS,
        field("webIdentity", Shape::Object(&WEB_IDENTITY), "The token of a web identity."),
        field("saml", Shape::Object(&SAML), "The assertion of a SAML provider."),
        field("context", CONTEXT, "Context keys of this call, such as `aws:SourceIp`."),
        field("absent", TEXTS, "Context keys this call doesn't carry."),
        ON_BEHALF_OF,
        SOURCE_ACCOUNT,
        EXPECTED,
    ],
};

pub(crate) static WEB_IDENTITY: Object = Object {
    name: "a web identity token",
    id: "webIdentity",
    doc: "What a web identity token says.",
    fields: &[
        required("issuer", Shape::Text, "The issuer: a URL, or a name such as `accounts.google.com`."),
        required("subject", Shape::Text, "The subject (`sub`)."),
        required("audience", Shape::Text, "The audience (`aud`)."),
        field("authorizedParty", Shape::Text, "The authorized party (`azp`)."),
        field("claims", Shape::Map { key: ".", value: &ONE_OR_MANY }, "Further claims."),
        field("tags", TAGS, "Session tags in the token."),
        field("transitiveTags", TEXTS, "Keys among the tags that further sessions inherit."),
        field("sourceIdentity", Shape::Text, "The source identity in the token."),
        field("issuedAt", INSTANT, "When it was issued; now, unless said."),
        field("expiresAt", INSTANT, "When it expires."),
    ],
};

pub(crate) static SAML: Object = Object {
    name: "a SAML assertion",
    id: "saml",
    doc: "What a SAML assertion says.",
    fields: &[
        required("provider", Shape::Text, "The provider: its ARN, or its name in the role's account."),
        required("subject", Shape::Text, "The subject."),
        field("role", Shape::Text, "The role the assertion is for; the one assumed, unless said."),
        field("attributes", Shape::Map { key: ".", value: TEXT }, "Further attributes."),
        field("recipient", Shape::Text, "The recipient; the console's sign-in, unless said."),
        field("subjectType", Shape::Text, "The subject's type, such as `persistent`."),
        field("tags", TAGS, "Session tags in the assertion."),
        field("transitiveTags", TEXTS, "Keys among the tags that further sessions inherit."),
        field("sourceIdentity", Shape::Text, "The source identity in the assertion."),
        field("issuedAt", INSTANT, "When it was issued; now, unless said."),
        field("sessionNotOnOrAfter", INSTANT, "When the provider's own session ends."),
    ],
};

pub(crate) static MFA_CODE: Object = Object {
    name: "an MFA code",
    id: "mfaCode",
    doc: "An MFA device and the code given for it.",
    fields: &[
        field(
            "device",
            Shape::Any(&[Shape::Text, Shape::Null]),
            "The caller's device by name, or a serial number; null sends none.",
        ),
        field(
            "code",
            Shape::Any(&[Shape::Text, Shape::Null]),
            "The code; the one the device shows now, unless said; null sends none.",
        ),
    ],
};

pub(crate) static SIGN_IN: Object = Object {
    name: "a console sign-in",
    id: "signIn",
    doc: "A user signs in to the console.",
    fields: &[required("signIn", Shape::Text, "The user."), BECOMES, NAME, MFA_FIELD, EXPECTED],
};

pub(crate) static SWITCH_ROLE: Object = Object {
    name: "a console switch",
    id: "switchRole",
    doc: "A signed-in user switches to a role in the console.",
    fields: &[
        required(
            "switchRole",
            Shape::Any(&[Shape::Pattern("^https://"), Shape::Object(&SWITCH_LINK)]),
            "The switch-role link, or what it is made of.",
        ),
        required("as", Shape::Text, "The console session."),
        BECOMES,
        NAME,
        EXPECTED,
    ],
};

pub(crate) static SWITCH_LINK: Object = Object {
    name: "a switch-role link",
    id: "switchLink",
    doc: "What a switch-role link is made of.",
    fields: &[
        required("account", Shape::Text, "The account: its id or alias."),
        required("role", Shape::Text, "The role with its path: `ci/deployer`."),
        field("displayName", Shape::Text, "What the console shows."),
        field("color", Shape::Pattern("^[0-9A-Fa-f]{6}$"), "The color of the badge, RRGGBB."),
    ],
};

pub(crate) static SESSION_TOKEN: Object = Object {
    name: "a session token",
    id: "getSessionToken",
    doc: "GetSessionToken: temporary credentials of the user itself.",
    fields: &[
        required("getSessionToken", NOT_EMPTY, "The name by which later steps know the session."),
        AS,
        NAME,
        MFA_FIELD,
        FOR,
        EXPECTED,
    ],
};

pub(crate) static FEDERATION_TOKEN: Object = Object {
    name: "a federation token",
    id: "getFederationToken",
    doc: "GetFederationToken: a federated user session.",
    fields: &[
        required("getFederationToken", NOT_EMPTY, "The federated user's name."),
        AS,
        BECOMES,
        NAME,
        FOR,
        SESSION_POLICY,
        SESSION_POLICY_ARNS,
        SESSION_TAGS,
        EXPECTED,
    ],
};

pub(crate) static ASSUME_ROOT: Object = Object {
    name: "an assumption of root",
    id: "assumeRoot",
    doc: "AssumeRoot: the root user of a member account, for one task.",
    fields: &[
        required("assumeRoot", Shape::Text, "The member account: its id or alias."),
        AS,
        required("task", NOT_EMPTY, "The task policy, such as `S3UnlockBucketPolicy`."),
        BECOMES,
        NAME,
        FOR,
        EXPECTED,
    ],
};

pub(crate) static WAIT: Object = Object {
    name: "a wait",
    id: "wait",
    doc: "Time passes.",
    fields: &[required("wait", DURATION, "How much: `30m`, `1h30m`, `2d`."), NAME],
};

pub(crate) static AT: Object = Object {
    name: "a clock move",
    id: "at",
    doc: "The clock moves forward to an instant.",
    fields: &[required("at", INSTANT, "When it is now."), NAME],
};

/// The fields of a change: those of the thing changed, and what takes something away.
pub(crate) static CHANGE: Object = Object {
    name: "a change",
    id: "change",
    doc: "Something in the world changes: the fields are those it has in the world, and add or replace.",
    fields: &[
        required(
            "change",
            Shape::Text,
            "What changes: a user, group, role, resource, account, or `organization`.",
        ),
        NAME,
        field("trust", TRUST, "A role's new trust policy."),
        field(
            "policies",
            POLICIES,
            "Inline policies put; null deletes. Of an account: its managed policies.",
        ),
        field("attached", TEXTS, "Managed policies to attach."),
        field("detached", TEXTS, "Managed policies to detach."),
        field("boundary", BOUNDARY, BOUNDARY_DOC),
        field("tags", TAGS_OR_NULL, TAGS_DOC),
        field(
            "groups",
            Shape::Any(&[TEXTS, Shape::Map { key: ".", value: &Shape::Object(&GROUP) }]),
            "Groups the user joins. Of an account: its groups.",
        ),
        field("leaves", TEXTS, "Groups the user leaves."),
        field("mfaDevices", TEXTS, "MFA devices the user gets."),
        field("maxSession", DURATION, "A role's longest session."),
        field("description", Shape::Text, "A role's description."),
        field("policy", RESOURCE_POLICY, "A resource's policy; null removes it."),
        field("grants", Shape::Map { key: ".", value: &Shape::Object(&GRANT) }, "KMS grants, by name."),
        field("restrictPublicBuckets", Shape::Flag, "S3: whether public policies are ignored for outsiders."),
        field("attributeBasedControl", Shape::Flag, "S3: whether the bucket's tags count as resource tags."),
        field("alias", Shape::Text, "An account's alias."),
        field(
            "quotas",
            Shape::Any(&[Shape::Word(&["off"]), Shape::Map { key: "^[A-Z]", value: &Shape::Count }]),
            "An account's quotas.",
        ),
        field("users", Shape::Map { key: ".", value: &Shape::Object(&USER) }, "Users of an account."),
        field("roles", Shape::Map { key: ".", value: &Shape::Object(&ROLE) }, "Roles of an account."),
        field(
            "resources",
            Shape::Map { key: "^arn:", value: &Shape::Object(&RESOURCE) },
            "Resources of an account.",
        ),
        field(
            "oidcProviders",
            Shape::Map { key: "^https://", value: &Shape::List(TEXT) },
            "OIDC providers of an account.",
        ),
        field("samlProviders", TEXTS, "SAML providers of an account."),
        field(
            "vpcEndpoints",
            Shape::Map { key: "^vpce-", value: &Shape::Object(&VPC_ENDPOINT) },
            "VPC endpoints of an account.",
        ),
        field("serviceLinkedRoles", TEXTS, "Service-linked roles of an account, by service."),
        field("scps", POLICIES, "Service control policies attached to an account; null detaches."),
        field("rcps", POLICIES, "Resource control policies attached to an account; null detaches."),
        field("root", Shape::Object(&UNIT), "The organization's root and what is below it."),
        EXPECTED,
    ],
};

pub(crate) static DELETE: Object = Object {
    name: "a deletion",
    id: "delete",
    doc: "Something is deleted.",
    fields: &[
        required("delete", Shape::Text, "A user, group, role, managed policy or resource."),
        NAME,
        EXPECTED,
    ],
};

pub(crate) static RENAME: Object = Object {
    name: "a renaming",
    id: "rename",
    doc: "A user or group gets another name or path (UpdateUser, UpdateGroup).",
    fields: &[
        required("rename", Shape::Text, "The user or group."),
        required("to", NOT_EMPTY, "The new name, with its path if it has one."),
        NAME,
        EXPECTED,
    ],
};

pub(crate) static EXPECTATION: Object = Object {
    name: "an expectation",
    id: "expectation",
    doc: "What has to come, in detail. All that is said has to hold.",
    fields: &[
        field("decision", Shape::Word(DECISIONS), "The decision; `deny` is either denial."),
        field("error", Shape::ErrorCode, "The AWS error code."),
        field("layer", Shape::Word(LAYERS), "The layer that decided."),
        field(
            "policy",
            Shape::Text,
            "A policy with a statement that decided, by the name it is attached under.",
        ),
        field(
            "statement",
            Shape::Any(&[Shape::Text, Shape::Count]),
            "A statement that decided: its Sid, or its number from 1.",
        ),
        field("reason", Shape::Text, "Words in the reason that is printed."),
        field("message", Shape::Text, "Words in AWS's own message."),
        field(
            "unknown",
            TEXTS,
            "What an undetermined answer depends on, all of it: context keys, and facts such as `resource-policy`.",
        ),
        field("arn", Shape::Text, "The session's ARN."),
        field("lasts", DURATION, "How long the session lasts."),
        field("link", Shape::Text, "The switch-role link."),
    ],
};

impl Object {
    /// The field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_known_by_its_first_field_and_by_no_other() {
        let objects: Vec<&Object> = STEPS
            .iter()
            .map(|shape| match shape {
                Shape::Object(object) => *object,
                other => panic!("{other:?}"),
            })
            .collect();
        for object in &objects {
            let first = &object.fields[0];
            assert!(first.required && first.name == object.id, "{}", object.id);
            let others = objects.iter().filter(|other| other.id != object.id);
            for other in others {
                assert!(other.field(first.name).is_none(), "{} is known by {}", object.id, first.name);
            }
        }
    }
}
