//! What AWS's services define: actions with their access levels, resource types with the formats of their
//! ARNs, condition keys with their types, dependent actions, service principals; and the managed policies
//! AWS itself writes.
//!
//! This crate is data with a release rhythm of its own, and look-ups in it. It judges no policy and decides
//! no request, and whoever decides requests never asks it. It knows nothing of accounts, reads no file, and
//! does nothing when a program starts: the embedded data is searched in place.
//!
//! The data is AWS's published reference, taken from packages that [`Catalog::sources`] names. It is never
//! complete: AWS's own policies name actions that its reference does not. What is not here is *not known*,
//! not wrong.
//!
//! ```
//! use iamsim_catalog::{AccessLevel, Catalog};
//!
//! let catalog = Catalog::embedded();
//! let action = catalog.action("LAMBDA:invokefunction").unwrap();
//! assert_eq!(action.to_string(), "lambda:InvokeFunction");
//! assert!(action.has_level(AccessLevel::Write));
//! let on: Vec<_> = action.resources().map(|resource| resource.resource_type().arn_format()).collect();
//! assert_eq!(on, ["arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"]);
//! ```

mod arn;
mod encode;
mod entry;
mod expand;
mod format;
mod key;
mod managed;
mod text;
mod validate;

use std::fmt;
use std::sync::Arc;

use iamsim_policy::{ActionPattern, Arn, suggest};

use arn::Reach;
use format::{Bytes, Section};

pub use entry::{
    AccessLevel, ActionEntry, ActionResource, Applicability, BaseType, KeyEntry, KeyType, ResourceControl,
    ResourceType, Service,
};
pub use expand::Expand;
pub use managed::{InvalidManagedPolicies, ManagedPolicies, ManagedPolicy};
pub use text::TextError;
pub use validate::InvalidCatalog;

/// The reference: what services define. Cloning is cheap.
///
/// ```
/// use iamsim_catalog::Catalog;
///
/// // A newer file, made by `cargo xtask catalog build`, is read at run time; here it is two lines of text.
/// let newer = Catalog::from_text("service\tshop\tAWS Shop\naction\tBuy\tWrite\n")?;
/// assert!(newer.action("shop:Buy").is_some());
/// assert!(Catalog::embedded().action("shop:Buy").is_none());
/// # Ok::<(), iamsim_catalog::TextError>(())
/// ```
#[derive(Clone)]
pub struct Catalog(Data);

#[derive(Clone)]
enum Data {
    Embedded(&'static [u8]),
    Loaded(Arc<[u8]>),
}

static EMBEDDED: Catalog = Catalog(Data::Embedded(include_bytes!("../data/catalog.bin")));

impl Catalog {
    /// The catalog this crate was released with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Reads a catalog file, and checks all of it.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self, InvalidCatalog> {
        let bytes = bytes.into();
        validate::validate(&bytes)?;
        Ok(Self(Data::Loaded(bytes)))
    }

    /// Reads a catalog's text, the form in which the data is reviewed. Its lines, fields separated by tabs:
    ///
    /// | first field | further fields |
    /// |---|---|
    /// | `source` | registry, package, version, licence, author, date, file, SHA-256, what was taken |
    /// | `global` | a global condition key, its type |
    /// | `principal` | the name of a service principal |
    /// | `service` | prefix, name, and `announced` or `listed` if resource control policies bind it |
    /// | `key` | a condition key of the service above, its type |
    /// | `type` | a resource type, its ARN format, its condition keys |
    /// | `action` | an action, access levels, condition keys, dependent actions |
    /// | `on` | a resource type of the action above, `required` or nothing, condition keys of the pair |
    /// | `asks` | what the action above is asked with although it has no resource types |
    ///
    /// Items of a list are separated by commas; everything is sorted without case, and every name that is
    /// referred to must be defined.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        Ok(Self(Data::Loaded(encode::encode(text)?.into())))
    }

    /// The bytes of a catalog file, which [`from_bytes`](Self::from_bytes) reads.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Data::Embedded(bytes) => bytes,
            Data::Loaded(bytes) => bytes,
        }
    }

    fn bytes(&self) -> Bytes<'_> {
        Bytes(self.as_bytes())
    }

    /// Where the data comes from.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = SourceEntry<'_>> {
        let bytes = self.bytes();
        (0..bytes.count(Section::Sources)).map(move |id| SourceEntry { bytes, id })
    }

    /// All services, by prefix.
    pub fn services(&self) -> impl ExactSizeIterator<Item = Service<'_>> {
        let bytes = self.bytes();
        (0..bytes.count(Section::Services)).map(move |id| Service { bytes, id })
    }

    /// All actions, by service and name.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = ActionEntry<'_>> {
        let bytes = self.bytes();
        (0..bytes.count(Section::Actions)).map(move |id| ActionEntry { bytes, id })
    }

    /// All condition keys, by name.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = KeyEntry<'_>> {
        let bytes = self.bytes();
        (0..bytes.count(Section::Keys)).map(move |id| KeyEntry { bytes, id })
    }

    /// The names of service principals, such as `lambda.amazonaws.com`.
    pub fn service_principals(&self) -> impl ExactSizeIterator<Item = &str> {
        let bytes = self.bytes();
        (0..bytes.count(Section::Principals)).map(move |id| bytes.string(Section::Principals, id, 0))
    }

    /// The service with a prefix, whatever its case.
    pub fn service(&self, prefix: &str) -> Option<Service<'_>> {
        let bytes = self.bytes();
        let found = find(bytes, Section::Services, prefix.as_bytes())?;
        Some(Service { bytes, id: found })
    }

    /// The action `service:Name`, whatever its case (PE-ACT-02).
    pub fn action(&self, action: &str) -> Option<ActionEntry<'_>> {
        let (prefix, name) = action.split_once(':')?;
        let service = self.service(prefix)?;
        let bytes = self.bytes();
        let (from, to) = service.range();
        let id = bytes.names(Section::Actions).find(from, to, name.as_bytes())?;
        Some(ActionEntry { bytes, id })
    }

    /// The actions an entry of `Action` names: those that [`ActionPattern::matches`], found by a scan of the
    /// names that begin as the entry does.
    ///
    /// ```
    /// use iamsim_catalog::Catalog;
    /// use iamsim_policy::ActionPattern;
    ///
    /// let catalog = Catalog::embedded();
    /// let found: Vec<_> = catalog.expand(&ActionPattern::new("sqs:*Permission")).map(|a| a.name()).collect();
    /// assert_eq!(found, ["AddPermission", "RemovePermission"]);
    /// ```
    pub fn expand(&self, pattern: &ActionPattern) -> Expand<'_> {
        let service = pattern.service().and_then(|prefix| self.service(prefix));
        Expand::new(self.bytes(), service, pattern)
    }

    /// A condition key by its name in a policy, whatever its case: `aws:RequestTag/team` is
    /// `aws:RequestTag/${TagKey}`.
    ///
    /// One known key has two types in two places; [`keys_named`](Self::keys_named) gives both.
    pub fn key(&self, name: &str) -> Option<KeyEntry<'_>> {
        let bytes = self.bytes();
        let exact = self.exact_keys(name).next();
        exact.or_else(|| self.key_patterns(name).next()).map(|id| KeyEntry { bytes, id })
    }

    /// All condition keys with a name in a policy: several, where a key has several types.
    pub fn keys_named(&self, name: &str) -> Vec<KeyEntry<'_>> {
        let bytes = self.bytes();
        let mut ids: Vec<usize> = self.exact_keys(name).collect();
        if ids.is_empty() {
            ids = self.key_patterns(name).collect();
        }
        ids.into_iter().map(|id| KeyEntry { bytes, id }).collect()
    }

    /// The keys of this very name.
    fn exact_keys(&self, name: &str) -> impl Iterator<Item = usize> {
        let names = self.bytes().names(Section::Keys);
        let from = names.lower_bound(0, names.len(), name.as_bytes());
        (from..names.len()).take_while(move |id| names.get(*id).eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The keys with a placeholder that may stand for this name.
    fn key_patterns(&self, name: &str) -> impl Iterator<Item = usize> {
        let bytes = self.bytes();
        let names = bytes.names(Section::Keys);
        let ids = (0..bytes.count(Section::Patterns)).map(move |id| bytes.short(Section::Patterns, id, 0));
        ids.filter(move |id| key::strip_prefix(name.as_bytes(), key::head(names.get(*id))).is_some())
            .filter(move |id| key::matches(bytes.string(Section::Keys, *id, 0), name))
    }

    /// Whether a request of this action can hold a condition key. Without a resource, the keys of all
    /// resource types of the action count.
    ///
    /// Of the tag keys, which AWS calls global, `aws:RequestTag/…` and `aws:TagKeys` go with the actions
    /// they are listed for. `aws:ResourceTag/…` is left open ([`Applicability::Global`]) where the service
    /// knows it and the action has resource types: the reference is known to miss some. So is every key of a
    /// service that AWS documents on several pages ([`Service::has_several_pages`]). A key that the service has and
    /// no action is known to go with is [`Applicability::Unknown`].
    pub fn applicability(&self, action: ActionEntry<'_>, resource: Option<&Arn>, key: &str) -> Applicability {
        let named = |entry: KeyEntry<'_>| entry.matches(key);
        let bears = |on: &ActionResource<'_>| resource.is_none_or(|arn| on.resource_type().matches(arn));
        let listed = action.keys().any(named)
            || action
                .resources()
                .filter(bears)
                .any(|on| on.keys().chain(on.resource_type().keys()).any(named));
        if listed {
            return Applicability::Listed;
        }
        let Some(entry) = self.key(key) else { return Applicability::Unknown };
        let name = entry.name().to_ascii_lowercase();
        let service = action.service();
        let of_service = service.keys().any(named);
        let open = match name.as_str() {
            _ if of_service && service.has_several_pages() => true,
            "aws:requesttag/${tagkey}" | "aws:tagkeys" => false,
            "aws:resourcetag/${tagkey}" => action.has_resource_types() && of_service,
            _ => entry.is_global(),
        };
        if open {
            Applicability::Global
        } else if of_service && !service.places(key) {
            Applicability::Unknown
        } else {
            Applicability::Never
        }
    }

    /// The resource types an ARN may be of: several, where formats do not tell them apart or pages of several
    /// services list a type, and none, where the reference knows no such ARN.
    ///
    /// ```
    /// use iamsim_catalog::Catalog;
    ///
    /// let catalog = Catalog::embedded();
    /// let types = |arn: &str| -> Vec<_> {
    ///     let types = catalog.resource_types(&arn.parse().unwrap());
    ///     types.iter().map(|found| format!("{} of {}", found.name(), found.service())).collect()
    /// };
    /// assert_eq!(types("arn:aws:sqs:eu-west-1:111122223333:orders"), ["queue of sqs"]);
    /// assert_eq!(types("arn:aws:s3:::reports/q1.csv"), ["object of s3"]);
    /// assert_eq!(types("arn:aws:s3:::reports"), ["bucket of s3", "bucket of ssm"]);
    /// ```
    pub fn resource_types(&self, arn: &Arn) -> Vec<ResourceType<'_>> {
        let bytes = self.bytes();
        let of_service = |part: &str, reach| -> Vec<ResourceType<'_>> {
            let row = find(bytes, Section::ArnServices, part.as_bytes());
            let ids = row.into_iter().flat_map(|row| bytes.list(Section::ArnServices, row, 3));
            let types = ids.map(|id| ResourceType { bytes, id });
            types.filter(|found| found.fits(arn, reach)).collect()
        };
        // What fits best; a format that leaves the service open fits everything.
        let tries = [(arn.service(), Reach::Segment), (arn.service(), Reach::Anything), ("", Reach::Segment)];
        let mut found = tries.into_iter().map(|(part, reach)| of_service(part, reach));
        found.find(|types| !types.is_empty()).unwrap_or_default()
    }

    /// Whether a service principal is known by this name. Names that hold a region, such as
    /// `logs.eu-west-1.amazonaws.com`, are looked up without it, and those of other partitions under
    /// `amazonaws.com`.
    pub fn has_service_principal(&self, name: &str) -> bool {
        let known = |name: &str| find(self.bytes(), Section::Principals, name.as_bytes()).is_some();
        if known(name) {
            return true;
        }
        let Some((first, rest)) = name.split_once('.') else { return false };
        let domain = rest.strip_suffix(".cn").unwrap_or(rest);
        let regional = domain.split_once('.').is_some_and(|(region, domain)| {
            is_region(region) && domain == "amazonaws.com" && known(&format!("{first}.{domain}"))
        });
        regional || (domain.len() < rest.len() && known(&format!("{first}.{domain}")))
    }

    /// The service whose prefix is nearest to one that does not exist.
    pub fn nearest_service(&self, prefix: &str) -> Option<Service<'_>> {
        let meant = suggest::nearest(prefix, self.services().map(Service::prefix))?;
        self.service(meant)
    }

    /// The action of the same service whose name is nearest to one that does not exist.
    ///
    /// ```
    /// use iamsim_catalog::Catalog;
    ///
    /// let meant = Catalog::embedded().nearest_action("s3:GetObjct").unwrap();
    /// assert_eq!(meant.to_string(), "s3:GetObject");
    /// ```
    pub fn nearest_action(&self, action: &str) -> Option<ActionEntry<'_>> {
        let (prefix, name) = action.split_once(':')?;
        let service = self.service(prefix)?;
        let meant = suggest::nearest(name, service.actions().map(ActionEntry::name))?;
        service.actions().find(|action| action.name() == meant)
    }

    /// The condition key nearest to one that does not exist, of the same service first.
    pub fn nearest_key(&self, key: &str) -> Option<KeyEntry<'_>> {
        let (prefix, _) = key.split_once(':')?;
        let same = |entry: &KeyEntry<'_>| {
            entry.name().split_once(':').is_some_and(|(own, _)| own.eq_ignore_ascii_case(prefix))
        };
        let meant = suggest::nearest(key, self.keys().filter(same).map(KeyEntry::name))
            .or_else(|| suggest::nearest(key, self.keys().map(KeyEntry::name)))?;
        self.keys().find(|entry| entry.name() == meant)
    }
}

/// The record of a section that is sorted by its name, which is in lower case.
fn find(bytes: Bytes<'_>, section: Section, name: &[u8]) -> Option<usize> {
    let names = bytes.names(section);
    names.find(0, names.len(), name)
}

/// `eu-west-1`, `us-gov-east-1` …
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let letters = |part: Option<&str>| part.is_some_and(|part| part.chars().all(|c| c.is_ascii_lowercase()));
    letters(parts.next())
        && letters(parts.next())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.split('-').count() <= 4
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalog({} services, {} actions)", self.services().len(), self.actions().len())
    }
}

/// A package the data was taken from.
#[derive(Clone, Copy)]
pub struct SourceEntry<'c> {
    bytes: Bytes<'c>,
    id: usize,
}

macro_rules! source_fields {
    ($($(#[doc = $doc:literal])+ $name:ident $at:literal,)+) => {
        impl<'c> SourceEntry<'c> {
            $($(#[doc = $doc])+ pub fn $name(self) -> &'c str {
                self.bytes.string(Section::Sources, self.id, $at)
            })+
        }
    };
}

source_fields! {
    /// Where the package is published.
    registry 0,
    /// Its name.
    package 3,
    /// Its version.
    version 6,
    /// Its licence.
    licence 9,
    /// Who made it.
    author 12,
    /// The day, or month, the data is of.
    date 15,
    /// The file that was read.
    file 18,
    /// The file's SHA-256.
    sha256 21,
    /// What was taken from it.
    taken 24,
}

impl fmt::Display for SourceEntry<'_> {
    /// One line: package, version, licence, and date.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({}, {}), data of {}: {}",
            self.package(),
            self.version(),
            self.registry(),
            self.licence(),
            self.date(),
            self.taken()
        )
    }
}

impl fmt::Debug for SourceEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceEntry({self})")
    }
}
