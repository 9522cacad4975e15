//! The kinds of steps, and what can be expected of them.

use super::world::{BOUNDARY_DOC, GRANT, GROUP, RESOURCE, ROLE, TAGS_DOC, UNIT, USER, VPC_ENDPOINT};
use super::{
    ACTIONS, BOUNDARY, CONTEXT, DECISIONS, DURATION, EXPECT, Field, INSTANT, LAYERS, MFA, NOT_EMPTY,
    ONE_OR_MANY, Object, POLICIES, POLICY, RESOURCE_POLICY, Shape, TAGS, TAGS_OR_NULL, TEXT, TEXTS, TRUST,
    field, required,
};

/// The kinds of steps. Each is known by its first field.
pub(crate) const STEPS: [Shape; 15] = [
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
    Shape::Object(&REMEMBER),
    Shape::Object(&COMPARE),
    Shape::Object(&WHAT_IF),
];

const NAME: Field = field("name", NOT_EMPTY, "What the step shows, as a sentence.");
const LABELS: Field = field("labels", TEXTS, "Words by which runs choose steps.");
const ONLY: Field = field(
    "only",
    Shape::Flag,
    "Whether only this step's expectation counts, and that of others that say so.",
);
const SKIP: Field = field("skip", NOT_EMPTY, "Why the step is left out.");
const NAMED_CONTEXTS: Shape = Shape::Map { key: ".", value: &CONTEXT };
const CONTEXTS: Field =
    field("contexts", NAMED_CONTEXTS, "Contexts by name: each is asked with, beside `context`.");
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
    doc: "A question: may this caller do this? Lists and patterns ask every combination.",
    fields: &[
        required("do", ACTIONS, DO_DOC),
        required("as", ONE_OR_MANY, "Who asks, or several."),
        field("on", ONE_OR_MANY, "The resource, or several: an ARN or a name; without it `*`, none."),
        NAME,
        LABELS,
        ONLY,
        SKIP,
        field("region", Shape::Text, "The region the request goes to."),
        field("context", CONTEXT, CONTEXT_DOC),
        CONTEXTS,
        field("tags", TAGS, "Tags passed in the request; `{}` says that it passes none."),
        field("unknown", TEXTS, "Context keys of which nothing is known."),
        field("absent", TEXTS, "Context keys the request doesn't carry; one that ends in `/` is a prefix."),
        field("complete", Shape::Flag, COMPLETE_DOC),
        field("via", Shape::Text, "The service that forwards the request with the caller's credentials."),
        field("through", Shape::Text, "The VPC endpoint the request comes through."),
        field("owner", Shape::Text, "The account the resource belongs to, where its ARN doesn't say."),
        ON_BEHALF_OF,
        SOURCE_ACCOUNT,
        EXPECTED,
    ],
};

const DO_DOC: &str = "The action, or several; a pattern such as `s3:Get*` is every action of the catalog that fits and applies to \
     the resource.";
const CONTEXT_DOC: &str = "Context keys and their values; null is absent.";
const COMPLETE_DOC: &str = "Whether keys nobody speaks of are absent. Otherwise they are unknown.";

pub(crate) static INVARIANT: Object = Object {
    name: "an invariant",
    id: "invariant",
    doc: "Questions that are asked at the beginning and after every step that changes anything.",
    fields: &[
        required("do", ACTIONS, DO_DOC),
        required("as", ONE_OR_MANY, "Who asks, or several."),
        field("on", ONE_OR_MANY, "The resource, or several: an ARN or a name; without it `*`, none."),
        field("name", NOT_EMPTY, "What holds, as a sentence."),
        LABELS,
        SKIP,
        field("region", Shape::Text, "The region the request goes to."),
        field("context", CONTEXT, CONTEXT_DOC),
        CONTEXTS,
        field("tags", TAGS, "Tags passed in the request; `{}` says that it passes none."),
        field("unknown", TEXTS, "Context keys of which nothing is known."),
        field("absent", TEXTS, "Context keys the request doesn't carry; one that ends in `/` is a prefix."),
        field("complete", Shape::Flag, COMPLETE_DOC),
        field("via", Shape::Text, "The service that forwards the request with the caller's credentials."),
        field("through", Shape::Text, "The VPC endpoint the request comes through."),
        field("owner", Shape::Text, "The account the resource belongs to, where its ARN doesn't say."),
        ON_BEHALF_OF,
        SOURCE_ACCOUNT,
    ],
};

pub(crate) static REMEMBER: Object = Object {
    name: "a remembered world",
    id: "remember",
    doc: "Remembers the world as it is, for a later comparison.",
    fields: &[
        required("remember", NOT_EMPTY, "The name by which a later `compare` knows it."),
        NAME,
        LABELS,
        SKIP,
    ],
};

pub(crate) static COMPARE: Object = Object {
    name: "a comparison",
    id: "compare",
    doc: "What is decided otherwise now than in a remembered world.",
    fields: &[
        required("compare", NOT_EMPTY, "The name of the remembered world."),
        required("do", ACTIONS, DO_DOC),
        required("as", ONE_OR_MANY, "Who asks, or several."),
        field("on", ONE_OR_MANY, "The resource, or several: an ARN or a name; without it `*`, none."),
        NAME,
        LABELS,
        ONLY,
        SKIP,
        field("region", Shape::Text, "The region the request goes to."),
        field("context", CONTEXT, CONTEXT_DOC),
        CONTEXTS,
        field("tags", TAGS, "Tags passed in the request; `{}` says that it passes none."),
        field("unknown", TEXTS, "Context keys of which nothing is known."),
        field("absent", TEXTS, "Context keys the request doesn't carry; one that ends in `/` is a prefix."),
        field("complete", Shape::Flag, COMPLETE_DOC),
        field("via", Shape::Text, "The service that forwards the request with the caller's credentials."),
        field("through", Shape::Text, "The VPC endpoint the request comes through."),
        field("owner", Shape::Text, "The account the resource belongs to, where its ARN doesn't say."),
        ON_BEHALF_OF,
        SOURCE_ACCOUNT,
        field("expect", CHANGES_EXPECTED, CHANGES_DOC),
    ],
};

pub(crate) static WHAT_IF: Object = Object {
    name: "a what-if",
    id: "whatIf",
    doc: "What would be decided otherwise if the world were changed; it stays as it is.",
    fields: &[
        required(
            "whatIf",
            Shape::List(&Shape::Any(&[
                Shape::Object(&CHANGE),
                Shape::Object(&DELETE),
                Shape::Object(&RENAME),
            ])),
            "The changes, as steps.",
        ),
        required("do", ACTIONS, DO_DOC),
        required("as", ONE_OR_MANY, "Who asks, or several."),
        field("on", ONE_OR_MANY, "The resource, or several: an ARN or a name; without it `*`, none."),
        NAME,
        LABELS,
        ONLY,
        SKIP,
        field("region", Shape::Text, "The region the request goes to."),
        field("context", CONTEXT, CONTEXT_DOC),
        CONTEXTS,
        field("tags", TAGS, "Tags passed in the request; `{}` says that it passes none."),
        field("unknown", TEXTS, "Context keys of which nothing is known."),
        field("absent", TEXTS, "Context keys the request doesn't carry; one that ends in `/` is a prefix."),
        field("complete", Shape::Flag, COMPLETE_DOC),
        field("via", Shape::Text, "The service that forwards the request with the caller's credentials."),
        field("through", Shape::Text, "The VPC endpoint the request comes through."),
        field("owner", Shape::Text, "The account the resource belongs to, where its ARN doesn't say."),
        ON_BEHALF_OF,
        SOURCE_ACCOUNT,
        field("expect", CHANGES_EXPECTED, CHANGES_DOC),
    ],
};

const CHANGES_EXPECTED: Shape = Shape::Any(&[Shape::Word(&[NO_CHANGE]), Shape::Object(&CHANGES)]);
const CHANGES_DOC: &str =
    "What is decided otherwise, all of it: a kind that is not named is expected to be empty; or `no change`.";

/// The word for an empty difference.
pub(crate) const NO_CHANGE: &str = "no change";

pub(crate) static CHANGES: Object = Object {
    name: "a difference",
    id: "difference",
    doc: "What two worlds decide differently.",
    fields: &[
        field("newlyAllowed", CELLS, "What is allowed now and was not certainly."),
        field("newlyDenied", CELLS, "What is denied now and was not certainly."),
        field("newlyUndetermined", CELLS, "What was certain and now depends on something that is not known."),
    ],
};

const CELLS: Shape = Shape::List(&Shape::Object(&CELL));

pub(crate) static CELL: Object = Object {
    name: "a part of a matrix",
    id: "cell",
    doc: "Some of a comparison's questions; what is not said stands for all.",
    fields: &[
        required("do", ACTIONS, "The action, or several; a pattern is those asked that fit."),
        field("as", ONE_OR_MANY, "The caller, or several, as the comparison names them."),
        field("on", ONE_OR_MANY, "The resource, or several, as the comparison names them."),
        field("context", ONE_OR_MANY, "The name of one of the comparison's `contexts`, or several."),
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
        LABELS,
        ONLY,
        SKIP,
        FOR,
        field("externalId", Shape::Text, "The external id passed."),
        MFA_FIELD,
        SESSION_TAGS,
        field("transitiveTags", TEXTS, "Keys among the tags that further sessions inherit."),
        field("sourceIdentity", Shape::Text, "The source identity passed."),
        field(
            "providedContext",
            TAGS,
            "What Identity Center vouches for (`ProvidedContexts`), by key, such as `identitystore:UserId`.",
        ),
        SESSION_POLICY,
        SESSION_POLICY_ARNS,
        field("webIdentity", Shape::Object(&WEB_IDENTITY), "The token of a web identity."),
        field("saml", Shape::Object(&SAML), "The assertion of a SAML provider."),
        field("context", CONTEXT, "Context keys of this call, such as `aws:SourceIp`; null is absent."),
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
    fields: &[
        required("signIn", Shape::Text, "The user."),
        BECOMES,
        NAME,
        LABELS,
        ONLY,
        SKIP,
        MFA_FIELD,
        EXPECTED,
    ],
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
        LABELS,
        ONLY,
        SKIP,
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
        LABELS,
        ONLY,
        SKIP,
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
        LABELS,
        ONLY,
        SKIP,
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
        LABELS,
        ONLY,
        SKIP,
        FOR,
        EXPECTED,
    ],
};

pub(crate) static WAIT: Object = Object {
    name: "a wait",
    id: "wait",
    doc: "Time passes.",
    fields: &[required("wait", DURATION, "How much: `30m`, `1h30m`, `2d`."), NAME, LABELS, SKIP],
};

pub(crate) static AT: Object = Object {
    name: "a clock move",
    id: "at",
    doc: "The clock moves forward to an instant.",
    fields: &[required("at", INSTANT, "When it is now."), NAME, LABELS, SKIP],
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
        LABELS,
        ONLY,
        SKIP,
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
        LABELS,
        ONLY,
        SKIP,
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
        LABELS,
        ONLY,
        SKIP,
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
