//! What the catalog speaks of: services, actions, resource types and condition keys, each a view into the
//! catalog's bytes.

use std::fmt;

use iamsim_policy::{Arn, ArnPattern};

use crate::arn::{Format, Reach};
use crate::format::{Bytes, GLOBAL, REQUIRED, Section};

/// What stands between two formats of one resource type.
pub(crate) const FORMAT_SEPARATOR: &str = ", ";

/// Prefixes that AWS documents on several pages, one for each generation or part of the service. Where two pages
/// describe an action of one name, our source keeps what one of them says: `elasticloadbalancing:AddTags` is
/// asked on listeners too, and `apigateway:GET` on HTTP APIs.
const SEVERAL_PAGES: &[&str] = &[
    "apigateway",
    "aws-marketplace",
    "elasticloadbalancing",
    "greengrass",
    "kinesisanalytics",
    "lex",
    "ses",
];

/// What an action does to what it is asked on. AWS gives some actions several (`Write` and `Tagging`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "AWS's reference knows these five")]
#[repr(u8)]
pub enum AccessLevel {
    /// Shows that resources exist.
    List = 1,
    /// Reads what is in them.
    Read = 2,
    /// Creates, changes or deletes.
    Write = 4,
    /// Changes tags.
    Tagging = 8,
    /// Changes who may do what.
    PermissionsManagement = 16,
}

impl AccessLevel {
    /// Every level.
    pub const ALL: [Self; 5] =
        [Self::List, Self::Read, Self::Write, Self::Tagging, Self::PermissionsManagement];

    /// AWS's name of the level.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Tagging => "Tagging",
            Self::PermissionsManagement => "Permissions management",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What values a condition key holds.
///
/// ```
/// use iamsim_catalog::Catalog;
///
/// let key = Catalog::embedded().key("aws:TagKeys").unwrap();
/// assert!(key.value_type().is_multivalued());
/// assert_eq!(key.value_type().to_string(), "ArrayOfString");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyType {
    base: BaseType,
    array: bool,
}

/// What one value of a condition key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum BaseType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// An instant.
    Date,
    /// An IP address.
    IpAddress,
    /// Base64 bytes.
    Binary,
}

impl BaseType {
    const ALL: [(Self, &'static str); 7] = [
        (Self::String, "String"),
        (Self::Arn, "ARN"),
        (Self::Bool, "Bool"),
        (Self::Numeric, "Numeric"),
        (Self::Date, "Date"),
        (Self::IpAddress, "IPAddress"),
        (Self::Binary, "Binary"),
    ];

    /// AWS's name of the type.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }
}

impl KeyType {
    const ARRAY: u8 = 0x40;

    /// What one value is.
    pub fn base(self) -> BaseType {
        self.base
    }

    /// Whether a request can hold several values of the key, so that a condition on it needs a set
    /// qualifier (PE-SET-01).
    pub fn is_multivalued(self) -> bool {
        self.array
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (array, name) = name.strip_prefix("ArrayOf").map_or((false, name), |name| (true, name));
        let (base, _) = BaseType::ALL.into_iter().find(|(_, known)| *known == name)?;
        Some(Self { base, array })
    }

    pub(crate) fn byte(self) -> u8 {
        self.base as u8 | if self.array { Self::ARRAY } else { 0 }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        let array = byte & Self::ARRAY != 0;
        let (base, _) = BaseType::ALL.into_iter().find(|(known, _)| *known as u8 == byte & !Self::ARRAY)?;
        Some(Self { base, array })
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.array {
            f.write_str("ArrayOf")?;
        }
        f.write_str(self.base.as_str())
    }
}

/// Whether resource control policies bind a service's resources (PE-RCP-02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a source says so, AWS announced it, or neither")]
#[repr(u8)]
pub enum ResourceControl {
    /// Nobody says so.
    #[default]
    None,
    /// One source lists the service; AWS's announcements that we know do not.
    Listed,
    /// AWS announced it.
    Announced,
}

impl ResourceControl {
    /// Whether resource control policies are said to bind the service's resources, by whomever.
    pub const fn is_bound(self) -> bool {
        !matches!(self, Self::None)
    }
}

macro_rules! view {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy)]
        pub struct $name<'c> {
            pub(crate) bytes: Bytes<'c>,
            pub(crate) id: usize,
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.id == other.id && self.bytes.0.as_ptr() == other.bytes.0.as_ptr()
            }
        }

        impl Eq for $name<'_> {}

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

view! {
    /// A service, such as `s3`.
    Service
}

view! {
    /// An action of a service, such as `s3:GetObject`. Displays as `service:Name`.
    ActionEntry
}

view! {
    /// A type of resource, such as `bucket` of `s3`.
    ResourceType
}

view! {
    /// A condition key, such as `s3:prefix` or `aws:RequestTag/${TagKey}`.
    KeyEntry
}

impl<'c> Service<'c> {
    /// What its actions begin with, in lower case.
    pub fn prefix(self) -> &'c str {
        self.bytes.string(Section::Services, self.id, 0)
    }

    /// AWS's name of the service.
    pub fn name(self) -> &'c str {
        self.bytes.string(Section::Services, self.id, 3)
    }

    /// Its actions, by name without case.
    pub fn actions(self) -> impl ExactSizeIterator<Item = ActionEntry<'c>> + use<'c> {
        let (from, to) = self.range();
        let bytes = self.bytes;
        (from..to).map(move |id| ActionEntry { bytes, id })
    }

    /// Its resource types, by name.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = ResourceType<'c>> + use<'c> {
        let from = self.bytes.short(Section::Services, self.id, 8);
        let to = self.next(8, Section::Types);
        let bytes = self.bytes;
        (from..to.max(from)).map(move |id| ResourceType { bytes, id })
    }

    /// The condition keys its page of the reference lists.
    pub fn keys(self) -> impl Iterator<Item = KeyEntry<'c>> + use<'c> {
        keys(self.bytes, Section::Services, self.id, 10)
    }

    /// Whether AWS documents its prefix on several pages. What is known of its actions is then not complete:
    /// resource types and keys that the service has may go with more actions than is said here.
    ///
    /// ```
    /// use iamsim_catalog::Catalog;
    ///
    /// assert!(Catalog::embedded().service("elasticloadbalancing").unwrap().has_several_pages());
    /// assert!(!Catalog::embedded().service("s3").unwrap().has_several_pages());
    /// ```
    pub fn has_several_pages(self) -> bool {
        SEVERAL_PAGES.contains(&self.prefix())
    }

    /// Whether one of its actions or resource types is known to go with a key.
    pub(crate) fn places(self, key: &str) -> bool {
        let own: Vec<KeyEntry<'c>> = self.keys().filter(|known| known.matches(key)).collect();
        let is_own = |key: KeyEntry<'c>| own.contains(&key);
        self.resource_types().any(|kind| kind.keys().any(is_own))
            || self
                .actions()
                .any(|action| action.keys().any(is_own) || action.resources().any(|on| on.keys().any(is_own)))
    }

    /// Whether resource control policies bind its resources.
    pub fn resource_control(self) -> ResourceControl {
        match self.bytes.byte(Section::Services, self.id, 12) {
            0 => ResourceControl::None,
            1 => ResourceControl::Listed,
            _ => ResourceControl::Announced,
        }
    }

    /// The ids of its actions: from, and up to.
    pub(crate) fn range(self) -> (usize, usize) {
        let from = self.bytes.short(Section::Services, self.id, 6);
        (from, self.next(6, Section::Actions).max(from))
    }

    /// What the following service has in a field; the count of `section` for the last.
    fn next(self, field: usize, section: Section) -> usize {
        if self.id + 1 < self.bytes.count(Section::Services) {
            self.bytes.short(Section::Services, self.id + 1, field)
        } else {
            self.bytes.count(section)
        }
    }
}

impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

impl<'c> ActionEntry<'c> {
    /// The name after the colon, as AWS writes it.
    pub fn name(self) -> &'c str {
        self.bytes.string(Section::Actions, self.id, 0)
    }

    /// The service it belongs to.
    pub fn service(self) -> Service<'c> {
        let bytes = self.bytes;
        let after = crate::format::partition_point(0, bytes.count(Section::Services), |service| {
            bytes.short(Section::Services, service, 6) <= self.id
        });
        Service { bytes, id: after.saturating_sub(1) }
    }

    /// Whether AWS gives it this access level; some actions have several.
    pub fn has_level(self, level: AccessLevel) -> bool {
        self.bytes.byte(Section::Actions, self.id, 3) & level as u8 != 0
    }

    /// Its access levels.
    pub fn levels(self) -> impl Iterator<Item = AccessLevel> + use<'c> {
        AccessLevel::ALL.into_iter().filter(move |level| self.has_level(*level))
    }

    /// Whether it is asked on resources of a type. An action without is asked with `*` (PE-RES-01).
    pub fn has_resource_types(self) -> bool {
        self.resources().next().is_some()
    }

    /// Whether it is asked on some ARN that a `Resource` entry matches. An action without resource types is asked
    /// with `*`, which no ARN matches, or with a made-up one ([`asked_with`](Self::asked_with)).
    ///
    /// ```
    /// use iamsim_catalog::Catalog;
    /// use iamsim_policy::ArnPattern;
    ///
    /// let catalog = Catalog::embedded();
    /// let objects = ArnPattern::parse("arn:aws:s3:::reports/*", true)?;
    /// assert!(catalog.action("s3:GetObject").unwrap().is_asked_on(&objects));
    /// assert!(!catalog.action("s3:ListBucket").unwrap().is_asked_on(&objects));
    /// assert!(!catalog.action("ec2:DescribeInstances").unwrap().is_asked_on(&objects));
    /// # Ok::<(), iamsim_policy::TemplateError>(())
    /// ```
    pub fn is_asked_on(self, pattern: &ArnPattern) -> bool {
        self.resources().any(|on| on.resource_type().overlaps(pattern))
            || self.asked_with().is_some_and(|format| Format::new(format).overlaps(pattern))
    }

    /// The resource types it is asked on. Where none is required, it is asked on one of them.
    pub fn resources(self) -> impl Iterator<Item = ActionResource<'c>> + use<'c> {
        let bytes = self.bytes;
        let first = bytes.short(Section::Services, self.service().id, 8);
        let mut links = bytes.list(Section::Actions, self.id, 8);
        std::iter::from_fn(move || {
            let link = links.next()?;
            let keys = links.next()?;
            let number = u16::try_from(link).unwrap_or_default();
            let id = first + usize::from(number & !REQUIRED);
            let required = number & REQUIRED != 0;
            Some(ActionResource { resource_type: ResourceType { bytes, id }, required, keys })
        })
    }

    /// The condition keys of the action itself; [`Catalog::applicability`](crate::Catalog::applicability) asks for those of its resources
    /// as well.
    pub fn keys(self) -> impl Iterator<Item = KeyEntry<'c>> + use<'c> {
        keys(self.bytes, Section::Actions, self.id, 4)
    }

    /// The actions a caller most likely needs besides, such as `iam:PassRole`.
    pub fn dependent_actions(self) -> impl Iterator<Item = ActionEntry<'c>> + use<'c> {
        let bytes = self.bytes;
        bytes.list(Section::Actions, self.id, 6).map(move |id| ActionEntry { bytes, id })
    }

    /// Whether every request of it names no resource, and is matched by `*` only (PE-RES-01): it has no resource
    /// types, AWS shows no made-up ARN for it, and no other page may say more of it.
    ///
    /// ```
    /// use iamsim_catalog::Catalog;
    ///
    /// let check = |action: &str| Catalog::embedded().action(action).unwrap().is_asked_without_resource();
    /// assert!(check("ec2:DescribeInstances"));
    /// assert!(!check("s3:GetObject"));
    /// assert!(!check("s3:ListAllMyBuckets")); // asked with `arn:aws:s3:::*`
    /// assert!(!check("elasticloadbalancing:SetWebACL")); // described on two pages
    /// ```
    pub fn is_asked_without_resource(self) -> bool {
        !self.has_resource_types() && self.asked_with().is_none() && !self.service().has_several_pages()
    }

    /// What an action without resource types is asked with, where that is not `*`: the format of a made-up
    /// ARN, such as `arn:${Partition}:s3:::*` (PE-RES-14, PE-RES-20).
    pub fn asked_with(self) -> Option<&'c str> {
        let bytes = self.bytes;
        let count = bytes.count(Section::Asks);
        let at = crate::format::partition_point(0, count, |ask| bytes.short(Section::Asks, ask, 0) < self.id);
        (at < count && bytes.short(Section::Asks, at, 0) == self.id)
            .then(|| bytes.string(Section::Asks, at, 2))
    }
}

impl fmt::Display for ActionEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service().prefix(), self.name())
    }
}

/// A resource type that an action is asked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionResource<'c> {
    resource_type: ResourceType<'c>,
    required: bool,
    keys: usize,
}

impl<'c> ActionResource<'c> {
    /// The type.
    pub fn resource_type(self) -> ResourceType<'c> {
        self.resource_type
    }

    /// Whether each request of the action names a resource of this type.
    pub fn is_required(self) -> bool {
        self.required
    }

    /// The condition keys of this pair of action and type.
    pub fn keys(self) -> impl Iterator<Item = KeyEntry<'c>> + use<'c> {
        let bytes = self.resource_type.bytes;
        bytes.list_at(self.keys).map(move |id| KeyEntry { bytes, id })
    }
}

impl<'c> ResourceType<'c> {
    /// AWS's name of the type.
    pub fn name(self) -> &'c str {
        self.bytes.string(Section::Types, self.id, 0)
    }

    /// The service whose page lists it, which need not be the one its ARN names.
    pub fn service(self) -> Service<'c> {
        Service { bytes: self.bytes, id: self.bytes.short(Section::Types, self.id, 8) }
    }

    /// The format of its ARNs, such as `arn:${Partition}:s3:::${BucketName}`; of several the first.
    pub fn arn_format(self) -> &'c str {
        self.arn_formats().next().unwrap_or_default()
    }

    /// The formats of its ARNs: several for a handful of types, where two generations of a service write them
    /// differently.
    pub fn arn_formats(self) -> impl Iterator<Item = &'c str> + use<'c> {
        self.bytes.string(Section::Types, self.id, 3).split(FORMAT_SEPARATOR)
    }

    /// Its number among all resource types of the catalog: a key for tables.
    pub fn index(self) -> usize {
        self.id
    }

    /// Whether some action of its service is known to be asked on it. Of a type without actions the reference
    /// does not say what it is for.
    pub fn has_actions(self) -> bool {
        self.service().actions().any(|action| action.resources().any(|on| on.resource_type() == self))
    }

    /// The condition keys that go with resources of the type, whatever the action.
    pub fn keys(self) -> impl Iterator<Item = KeyEntry<'c>> + use<'c> {
        keys(self.bytes, Section::Types, self.id, 6)
    }

    /// Whether an ARN may be one of this type. Formats are not exact: an ARN can be of several types, and
    /// [`Catalog::resource_types`](crate::Catalog::resource_types) names the likelier ones.
    pub fn matches(self, arn: &Arn) -> bool {
        self.fits(arn, Reach::Anything)
    }

    /// Whether one of the formats matches an ARN.
    pub(crate) fn fits(self, arn: &Arn, reach: Reach) -> bool {
        self.arn_formats().any(|format| Format::new(format).matches(arn, reach))
    }

    /// Whether some ARN of this type matches a `Resource` entry. Policy variables are taken for any text.
    pub fn overlaps(self, pattern: &ArnPattern) -> bool {
        self.arn_formats().any(|format| Format::new(format).overlaps(pattern))
    }
}

impl fmt::Display for ResourceType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'c> KeyEntry<'c> {
    /// The name as AWS writes it; a part that is chosen by the user stands as `${TagKey}` or alike.
    pub fn name(self) -> &'c str {
        self.bytes.string(Section::Keys, self.id, 0)
    }

    /// What values it holds.
    pub fn value_type(self) -> KeyType {
        let byte = self.bytes.byte(Section::Keys, self.id, 3) & !GLOBAL;
        KeyType::from_byte(byte).unwrap_or(KeyType { base: BaseType::String, array: false })
    }

    /// Whether AWS lists it among the keys that are not bound to a service.
    pub fn is_global(self) -> bool {
        self.bytes.byte(Section::Keys, self.id, 3) & GLOBAL != 0
    }

    /// Whether part of the name is chosen by the user, as in `aws:RequestTag/${TagKey}`.
    pub fn is_pattern(self) -> bool {
        self.name().contains("${")
    }

    /// Whether a key in a policy is this one, or one of those it stands for (without case, PE-CND-03).
    pub fn matches(self, key: &str) -> bool {
        crate::key::matches(self.name(), key)
    }
}

impl fmt::Display for KeyEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn keys(
    bytes: Bytes<'_>,
    section: Section,
    record: usize,
    field: usize,
) -> impl Iterator<Item = KeyEntry<'_>> {
    bytes.list(section, record, field).map(move |id| KeyEntry { bytes, id })
}

/// How a condition key stands to an action.
///
/// ```
/// use iamsim_catalog::{Applicability, Catalog};
///
/// let catalog = Catalog::embedded();
/// let list = catalog.action("s3:ListBucket").unwrap();
/// assert_eq!(catalog.applicability(list, None, "s3:prefix"), Applicability::Listed);
/// assert_eq!(catalog.applicability(list, None, "aws:SourceIp"), Applicability::Global);
/// assert_eq!(catalog.applicability(list, None, "ec2:InstanceType"), Applicability::Never);
/// assert_eq!(catalog.applicability(list, None, "s3:prefixes"), Applicability::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "listed here, everywhere, elsewhere, or nowhere")]
pub enum Applicability {
    /// The reference lists the key for the action, for one of its resource types, or for the pair.
    Listed,
    /// A global key that is not bound to actions.
    Global,
    /// The reference knows the key, and never with this action: a request never holds it.
    Never,
    /// The reference does not know the key, or not with which actions of its service it goes.
    Unknown,
}
