//! The small changes of a policy: each one step, each a policy AWS would still hold.
//!
//! A change is an edit of the text, so that it can be shown where it stands and made wherever the text stands:
//! in a file of its own or inside a scenario.

use std::collections::BTreeSet;
use std::fmt;

use iamsim_catalog::Catalog;
use iamsim_policy::json::{self, Member, Node, Value};
use iamsim_policy::{ActionPattern, Comparison, Policy, Source, Span};

use crate::edit::{Edit, apply, item, quoted};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What a mutation changes. The closed list; the string form is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum MutationKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl MutationKind {
            /// Every kind, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// An Allow becomes a Deny, or the reverse.
    EffectFlipped = "effect-flipped",
    /// A statement goes.
    StatementRemoved = "statement-removed",
    /// An entry of `Action` or `NotAction` names more actions.
    ActionWidened = "action-widened",
    /// An entry of `Action` or `NotAction` loses its wildcard.
    ActionNarrowed = "action-narrowed",
    /// An entry of `Action` or `NotAction` goes.
    ActionRemoved = "action-removed",
    /// An entry of `Resource` or `NotResource` names more resources.
    ResourceWidened = "resource-widened",
    /// An entry of `Resource` or `NotResource` loses its last wildcard.
    ResourceNarrowed = "resource-narrowed",
    /// An entry of `Resource` or `NotResource` goes.
    ResourceRemoved = "resource-removed",
    /// A principal becomes its whole account, or an account becomes everyone.
    PrincipalWidened = "principal-widened",
    /// A principal becomes another.
    PrincipalChanged = "principal-changed",
    /// An entry of `Principal` or `NotPrincipal` goes.
    PrincipalRemoved = "principal-removed",
    /// A condition goes.
    ConditionRemoved = "condition-removed",
    /// A condition asks for the opposite.
    ConditionNegated = "condition-negated",
    /// A bound takes in its limit, or leaves it out.
    BoundMoved = "bound-moved",
    /// `IfExists` goes.
    IfExistsRemoved = "if-exists-removed",
    /// `ForAllValues` becomes `ForAnyValue`, or the reverse.
    QualifierChanged = "qualifier-changed",
    /// One of a condition's values goes.
    ValueRemoved = "value-removed",
}

impl fmt::Display for MutationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One small change of one policy.
///
/// ```
/// use iamsim_coverage::{MutationKind, mutations};
/// use iamsim_policy::{Policy, PolicyKind};
///
/// let policy = Policy::parse(
///     PolicyKind::Identity,
///     r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#,
/// )?;
/// let changes: Vec<String> = mutations(&policy).iter().map(|mutation| mutation.what().to_owned()).collect();
/// assert_eq!(changes, [
///     "`Allow` becomes `Deny`",
///     "`s3:GetObject` becomes `s3:GetObject*`",
///     "`arn:aws:s3:::reports/*` becomes `arn:aws:s3:::*`",
///     "`arn:aws:s3:::reports/*` becomes `arn:aws:s3:::reports/`",
/// ]);
/// # Ok::<(), iamsim_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mutation {
    kind: MutationKind,
    statement: usize,
    sid: Option<String>,
    span: Span,
    what: String,
    original: Policy,
    mutant: Policy,
    edit: Edit,
}

impl Mutation {
    /// What it changes.
    pub fn kind(&self) -> MutationKind {
        self.kind
    }

    /// The statement's place in the policy, from 0.
    pub fn statement(&self) -> usize {
        self.statement
    }

    /// The statement's id.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The text the policy stands in.
    pub fn source(&self) -> &Source {
        self.original.source()
    }

    /// What is changed.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The change in words.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The policy as it is.
    pub fn original(&self) -> &Policy {
        &self.original
    }

    /// The policy as it would be; its places are those of a text of its own.
    pub fn mutant(&self) -> &Policy {
        &self.mutant
    }

    /// The whole text with the change.
    pub fn mutated_text(&self) -> String {
        apply(self.source().text(), [&self.edit])
    }

    pub(crate) fn edit(&self) -> &Edit {
        &self.edit
    }
}

/// Every mutation of a policy, in the order of its text; none that comes to the same policy as another or as the
/// policy itself.
pub fn mutations(policy: &Policy) -> Vec<Mutation> {
    let Ok(node) = json::parse(policy.source()) else { return Vec::new() };
    let Some(document) = find(&node, policy.span()) else { return Vec::new() };
    let mut maker = Maker { policy, statement: 0, made: Vec::new(), known: BTreeSet::new() };
    maker.known.insert(policy.to_canonical_json());
    let statements = member(document, "Statement").map(|member| items(&member.value)).unwrap_or_default();
    let spans: Vec<Span> = statements.iter().map(|statement| statement.span).collect();
    for (index, statement) in statements.iter().enumerate() {
        maker.statement = index;
        maker.effect(statement);
        if let Some(span) = item(&spans, index)
            && spans.len() > 1
        {
            let what = "the statement is removed".to_owned();
            maker.make(MutationKind::StatementRemoved, statement.span, what, Edit::remove(span));
        }
        maker.principals(statement);
        maker.actions(statement);
        maker.resources(statement);
        maker.conditions(statement);
    }
    maker.made
}

struct Maker<'p> {
    policy: &'p Policy,
    statement: usize,
    made: Vec<Mutation>,
    /// The policies made so far, in canonical form.
    known: BTreeSet<String>,
}

impl Maker<'_> {
    /// Keeps a mutation, if AWS would hold the policy and it says something new.
    fn make(&mut self, kind: MutationKind, span: Span, what: String, edit: Edit) {
        let own = self.policy.span();
        let inside = Edit {
            span: Span::new(
                edit.span.start.saturating_sub(own.start),
                edit.span.end.saturating_sub(own.start),
            ),
            text: edit.text.clone(),
        };
        let text = apply(self.policy.source().text_of(own), [&inside]);
        let source = Source::new(self.policy.source().name(), text);
        let Ok(mutant) = Policy::parse(self.policy.kind(), source) else { return };
        if !self.known.insert(mutant.to_canonical_json()) {
            return;
        }
        let sid = self.policy.statements().get(self.statement).and_then(|statement| statement.sid());
        self.made.push(Mutation {
            kind,
            statement: self.statement,
            sid: sid.map(str::to_owned),
            span,
            what,
            original: self.policy.clone(),
            mutant,
            edit,
        });
    }

    /// One text becomes another.
    fn becomes(&mut self, kind: MutationKind, node: &Node<'_>, from: &str, to: &str) {
        let what = format!("`{from}` becomes `{to}`");
        self.make(kind, node.span, what, Edit::replace(node.span, quoted(to)));
    }

    fn effect(&mut self, statement: &Node<'_>) {
        let Some(effect) = member(statement, "Effect") else { return };
        match text(&effect.value) {
            Some("Allow") => self.becomes(MutationKind::EffectFlipped, &effect.value, "Allow", "Deny"),
            Some("Deny") => self.becomes(MutationKind::EffectFlipped, &effect.value, "Deny", "Allow"),
            _ => {}
        }
    }

    /// Each entry of a list goes, while another stays.
    fn remove_each(&mut self, kind: MutationKind, list: &Node<'_>, others: usize) {
        let entries = items(list);
        let spans: Vec<Span> = entries.iter().map(|entry| entry.span).collect();
        for (index, entry) in entries.iter().enumerate() {
            if let Some(span) = item(&spans, index)
                && (spans.len() > 1 || others > 0)
                && matches!(list.value, Value::Array(_))
            {
                let what = format!("`{}` is removed", text(entry).unwrap_or_default());
                self.make(kind, entry.span, what, Edit::remove(span));
            }
        }
    }

    fn actions(&mut self, statement: &Node<'_>) {
        let Some(clause) = member(statement, "Action").or_else(|| member(statement, "NotAction")) else {
            return;
        };
        let entries = items(&clause.value);
        let written: Vec<ActionPattern> = entries.iter().filter_map(text).map(ActionPattern::new).collect();
        for entry in entries {
            let Some(action) = text(entry) else { continue };
            if let Some(wider) = wider_action(action, &written) {
                self.becomes(MutationKind::ActionWidened, entry, action, &wider);
            }
            if let Some(narrower) = without_last_wildcard(action) {
                self.becomes(MutationKind::ActionNarrowed, entry, action, &narrower);
            }
        }
        self.remove_each(MutationKind::ActionRemoved, &clause.value, 0);
    }

    fn resources(&mut self, statement: &Node<'_>) {
        let Some(clause) = member(statement, "Resource").or_else(|| member(statement, "NotResource")) else {
            return;
        };
        for entry in items(&clause.value) {
            let Some(resource) = text(entry) else { continue };
            if let Some(wider) = wider_resource(resource) {
                self.becomes(MutationKind::ResourceWidened, entry, resource, &wider);
            }
            if let Some(narrower) = without_last_wildcard(resource) {
                self.becomes(MutationKind::ResourceNarrowed, entry, resource, &narrower);
            }
        }
        self.remove_each(MutationKind::ResourceRemoved, &clause.value, 0);
    }

    fn principals(&mut self, statement: &Node<'_>) {
        let Some(clause) = member(statement, "Principal").or_else(|| member(statement, "NotPrincipal"))
        else {
            return;
        };
        let Value::Object(types) = &clause.value.value else { return };
        let all: usize = types.iter().map(|member| items(&member.value).len()).sum();
        let spans: Vec<Span> =
            types.iter().map(|member| Span::new(member.key_span.start, member.value.span.end)).collect();
        for (index, of_type) in types.iter().enumerate() {
            let entries = items(&of_type.value);
            for entry in entries {
                let Some(principal) = text(entry) else { continue };
                if let Some(wider) = wider_principal(&of_type.key, principal) {
                    self.becomes(MutationKind::PrincipalWidened, entry, principal, &wider);
                }
                if let Some(other) = other_principal(&of_type.key, principal) {
                    self.becomes(MutationKind::PrincipalChanged, entry, principal, &other);
                }
            }
            if entries.len() > 1 {
                self.remove_each(MutationKind::PrincipalRemoved, &of_type.value, 0);
            } else if let (true, Some(entry), Some(span)) = (all > 1, entries.first(), item(&spans, index)) {
                let what = format!("`{}` is removed", text(entry).unwrap_or_default());
                self.make(MutationKind::PrincipalRemoved, entry.span, what, Edit::remove(span));
            }
        }
    }

    fn conditions(&mut self, statement: &Node<'_>) {
        let Some(clause) = member(statement, "Condition") else { return };
        let Value::Object(operators) = &clause.value.value else { return };
        let operator_spans: Vec<Span> = operators.iter().map(span_of).collect();
        let all: usize = operators.iter().map(|operator| members(&operator.value).len()).sum();
        for (index, operator) in operators.iter().enumerate() {
            let keys = members(&operator.value);
            let key_spans: Vec<Span> = keys.iter().map(span_of).collect();
            for (place, key) in keys.iter().enumerate() {
                // The last condition takes the element with it, the last key its operator.
                let span = if all == 1 {
                    element(statement, "Condition")
                } else if keys.len() == 1 {
                    item(&operator_spans, index)
                } else {
                    item(&key_spans, place)
                };
                if let Some(span) = span {
                    let what = format!("the condition `{}` of `{}` is removed", operator.key, key.key);
                    self.make(MutationKind::ConditionRemoved, span_of(key), what, Edit::remove(span));
                }
                self.values(&operator.key, key);
            }
            self.operator(operator);
        }
    }

    fn operator(&mut self, member: &Member<'_>) {
        let written: &str = &member.key;
        let mut changed = |kind, to: String| {
            let what = format!("`{written}` becomes `{to}`");
            self.make(kind, member.key_span, what, Edit::replace(member.key_span, quoted(&to)));
        };
        let (qualifier, rest) = match written.split_once(':') {
            Some((qualifier, rest)) => (Some(qualifier), rest),
            None => (None, written),
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, "IfExists"),
            None => (rest, ""),
        };
        let prefix = qualifier.map(|qualifier| format!("{qualifier}:")).unwrap_or_default();
        if let Some(opposite) = opposite(base) {
            changed(MutationKind::ConditionNegated, format!("{prefix}{opposite}{if_exists}"));
        }
        if let Some(moved) = moved_bound(base) {
            changed(MutationKind::BoundMoved, format!("{prefix}{moved}{if_exists}"));
        }
        if !if_exists.is_empty() {
            changed(MutationKind::IfExistsRemoved, format!("{prefix}{base}"));
        }
        match qualifier {
            Some(all) if all.eq_ignore_ascii_case("ForAllValues") => {
                changed(MutationKind::QualifierChanged, format!("ForAnyValue:{rest}"));
            }
            Some(any) if any.eq_ignore_ascii_case("ForAnyValue") => {
                changed(MutationKind::QualifierChanged, format!("ForAllValues:{rest}"));
            }
            _ => {}
        }
    }

    fn values(&mut self, operator: &str, key: &Member<'_>) {
        let base = operator.rsplit(':').next().unwrap_or_default();
        let base = base.strip_suffix("IfExists").unwrap_or(base);
        if ["Bool", "Null"].iter().any(|flag| flag.eq_ignore_ascii_case(base)) {
            for value in items(&key.value) {
                let written = match &value.value {
                    Value::Bool(flag) => flag.to_string(),
                    Value::String(text) => text.to_ascii_lowercase(),
                    _ => continue,
                };
                let other = if written == "true" { "false" } else { "true" };
                let what = format!("`{operator}` of `{}` asks for `{other}` instead of `{written}`", key.key);
                self.make(
                    MutationKind::ConditionNegated,
                    value.span,
                    what,
                    Edit::replace(value.span, quoted(other)),
                );
            }
        }
        self.remove_each(MutationKind::ValueRemoved, &key.value, 0);
    }
}

/// What has to go so that an element of a statement goes.
fn element(statement: &Node<'_>, name: &str) -> Option<Span> {
    let elements = members(statement);
    let spans: Vec<Span> = elements.iter().map(span_of).collect();
    item(&spans, elements.iter().position(|member| member.key == name)?)
}

/// The next wider entry that names an action of the catalog that the clause does not name yet: one word less, down
/// to `service:*`, and from there `*`.
fn wider_action(action: &str, written: &[ActionPattern]) -> Option<String> {
    let catalog = Catalog::embedded();
    let (service, name) = action.split_once(':')?;
    let mut head = name.trim_end_matches('*');
    if head.contains(['*', '?']) {
        head = head.split(['*', '?']).next().unwrap_or_default();
    }
    if head.is_empty() {
        return Some("*".to_owned());
    }
    // First the name itself with a wildcard, then word by word less.
    let mut length = head.len();
    loop {
        let wider = format!("{service}:{}*", head.get(..length).unwrap_or_default());
        let pattern = ActionPattern::new(&wider);
        let names_more = catalog.expand(&pattern).any(|found| {
            let asked = found.to_string().parse();
            // Nobody signs these two, so that only the trust policies of their providers tell them apart.
            if ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"].contains(&found.name()) {
                return false;
            }
            asked.is_ok_and(|asked| !written.iter().any(|pattern| pattern.matches(&asked)))
        });
        if names_more {
            return Some(wider);
        }
        if length == 0 {
            // The catalog knows no other action; others may come.
            return (!written.contains(&pattern)).then_some(wider);
        }
        length = head
            .get(..length)
            .unwrap_or_default()
            .rfind(|letter: char| letter.is_ascii_uppercase())
            .unwrap_or(0);
    }
}

/// The text without its last wildcard; none where nothing but wildcards would be left or go.
fn without_last_wildcard(text: &str) -> Option<String> {
    let bare = text.strip_suffix('*')?;
    let rest = bare.trim_end_matches('*');
    (!rest.is_empty() && !rest.ends_with(':')).then(|| rest.to_owned())
}

/// The last part of the resource becomes a wildcard; from there the part before it.
fn wider_resource(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    let start = resource.match_indices(':').nth(4).map(|(colon, _)| colon + 1)?;
    let (head, last) = resource.split_at_checked(start)?;
    let body = last.trim_end_matches('*').trim_end_matches(['/', ':']);
    if body.is_empty() {
        return Some("*".to_owned());
    }
    let body = if last.ends_with('*') && !last.trim_end_matches('*').ends_with(['/', ':']) {
        last.trim_end_matches('*')
    } else {
        body
    };
    // A variable is one piece, whatever is in it.
    let mut depth = 0_u32;
    let mut cut = 0;
    for (at, letter) in body.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' | ':' if depth == 0 => cut = at + 1,
            _ => {}
        }
    }
    Some(format!("{head}{}*", body.get(..cut).unwrap_or_default()))
}

fn wider_principal(of_type: &str, principal: &str) -> Option<String> {
    if of_type != "AWS" || principal == "*" {
        return None;
    }
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam" | "sts", _, account, rest] if *rest != "root" => {
            Some(format!("arn:{partition}:iam::{account}:root"))
        }
        ["arn", _, "iam", ..] => Some("*".to_owned()),
        [account] if account.len() == 12 => Some("*".to_owned()),
        _ => None,
    }
}

/// A principal that is somebody else.
fn other_principal(of_type: &str, principal: &str) -> Option<String> {
    const ACCOUNTS: [&str; 2] = ["999999999999", "888888888888"];
    const SERVICES: [&str; 2] = ["ec2.amazonaws.com", "lambda.amazonaws.com"];
    let other = |all: [&'static str; 2]| if all[0] == principal { all[1] } else { all[0] };
    match of_type {
        "Service" => Some(other(SERVICES).to_owned()),
        "AWS" => {
            let account = principal.split(':').nth(4).unwrap_or(principal);
            (account.len() == 12).then(|| {
                let stranger = if account == ACCOUNTS[0] { ACCOUNTS[1] } else { ACCOUNTS[0] };
                let root = format!("arn:aws:iam::{stranger}:root");
                if principal.starts_with("arn:") { root } else { stranger.to_owned() }
            })
        }
        _ => None,
    }
}

/// The operator that holds where another does not, when the key is there.
fn opposite(base: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 11] = [
        ("StringEquals", "StringNotEquals"),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        ("StringLike", "StringNotLike"),
        ("NumericEquals", "NumericNotEquals"),
        ("NumericLessThan", "NumericGreaterThanEquals"),
        ("NumericGreaterThan", "NumericLessThanEquals"),
        ("DateEquals", "DateNotEquals"),
        ("DateLessThan", "DateGreaterThanEquals"),
        ("DateGreaterThan", "DateLessThanEquals"),
        ("IpAddress", "NotIpAddress"),
        ("ArnLike", "ArnNotLike"),
    ];
    // `ArnEquals` and `ArnLike` are one (PE-ARN-01).
    let base = match known(base)? {
        "ArnEquals" => "ArnLike",
        "ArnNotEquals" => "ArnNotLike",
        other => other,
    };
    PAIRS.iter().find_map(|(one, other)| match base {
        base if base == *one => Some(*other),
        base if base == *other => Some(*one),
        _ => None,
    })
}

/// `LessThan` and `LessThanEquals`, `GreaterThan` and `GreaterThanEquals`.
fn moved_bound(base: &str) -> Option<&'static str> {
    Some(match known(base)? {
        "NumericLessThan" => "NumericLessThanEquals",
        "NumericLessThanEquals" => "NumericLessThan",
        "NumericGreaterThan" => "NumericGreaterThanEquals",
        "NumericGreaterThanEquals" => "NumericGreaterThan",
        "DateLessThan" => "DateLessThanEquals",
        "DateLessThanEquals" => "DateLessThan",
        "DateGreaterThan" => "DateGreaterThanEquals",
        "DateGreaterThanEquals" => "DateGreaterThan",
        _ => return None,
    })
}

/// AWS's spelling of a comparison.
fn known(base: &str) -> Option<&'static str> {
    Comparison::ALL.iter().map(|known| known.as_str()).find(|known| known.eq_ignore_ascii_case(base))
}

/// The value at a place.
pub(crate) fn find<'n, 's>(node: &'n Node<'s>, span: Span) -> Option<&'n Node<'s>> {
    if node.span == span {
        return Some(node);
    }
    let children: Vec<&Node<'_>> = match &node.value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.iter().map(|member| &member.value).collect(),
        _ => return None,
    };
    let child =
        children.into_iter().find(|child| child.span.start <= span.start && span.end <= child.span.end)?;
    find(child, span)
}

pub(crate) fn member<'n, 's>(node: &'n Node<'s>, key: &str) -> Option<&'n Member<'s>> {
    members(node).iter().find(|member| member.key == key)
}

pub(crate) fn members<'n, 's>(node: &'n Node<'s>) -> &'n [Member<'s>] {
    match &node.value {
        Value::Object(members) => members,
        _ => &[],
    }
}

/// The entries of a list, or the one value that stands alone.
pub(crate) fn items<'n, 's>(node: &'n Node<'s>) -> &'n [Node<'s>] {
    match &node.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(node),
    }
}

pub(crate) fn text<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn span_of(member: &Member<'_>) -> Span {
    Span::new(member.key_span.start, member.value.span.end)
}

#[cfg(test)]
mod tests {
    use iamsim_policy::PolicyKind;

    use super::*;

    #[test]
    fn resources_are_widened_part_by_part() {
        let check = |from: &str, to: Option<&str>| {
            assert_eq!(wider_resource(from).as_deref(), to, "{from}");
        };
        check("*", None);
        check("arn:aws:s3:::reports", Some("arn:aws:s3:::*"));
        check("arn:aws:s3:::reports/*", Some("arn:aws:s3:::*"));
        check("arn:aws:s3:::reports/2026/*", Some("arn:aws:s3:::reports/*"));
        check("arn:aws:s3:::reports/q1-*", Some("arn:aws:s3:::reports/*"));
        check("arn:aws:s3:::home/${aws:PrincipalTag/team}", Some("arn:aws:s3:::home/*"));
        check("arn:aws:lambda:*:1:function:dev-*", Some("arn:aws:lambda:*:1:function:*"));
        check("arn:aws:lambda:*:1:function:*", Some("arn:aws:lambda:*:1:*"));
        check("arn:aws:s3:::*", Some("*"));
        check("arn:aws:sqs", None);
    }

    #[test]
    fn actions_are_widened_to_the_next_word_that_names_another_action() {
        let check = |from: &str, others: &[&str], to: Option<&str>| {
            let written: Vec<_> = [from].iter().chain(others).map(|text| ActionPattern::new(text)).collect();
            assert_eq!(wider_action(from, &written).as_deref(), to, "{from}");
        };
        check("s3:GetObject", &[], Some("s3:GetObject*"));
        check("lambda:InvokeFunction", &[], Some("lambda:InvokeFunction*"));
        check("lambda:InvokeFunction", &["lambda:Invoke*"], Some("lambda:*"));
        check("sqs:List*", &[], Some("sqs:*"));
        check("sqs:*", &[], Some("*"));
        check("nowhere:Act", &[], Some("nowhere:*"));
        check("*", &[], None);
    }

    #[test]
    fn every_mutation_is_a_policy_of_the_same_kind_that_says_something_else() {
        let text = r#"{
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "Trust",
              "Effect": "Allow",
              "Principal": { "AWS": ["111122223333", "arn:aws:iam::444455556666:role/ci"] , "Service": "ec2.amazonaws.com" },
              "Action": ["sts:AssumeRole", "sts:TagSession"],
              "Condition": {
                "StringEqualsIfExists": { "sts:ExternalId": ["a", "b"], "aws:PrincipalOrgID": "o-1" },
                "Bool": { "aws:MultiFactorAuthPresent": "true" },
                "NumericLessThan": { "aws:MultiFactorAuthAge": 3600 },
                "ForAllValues:StringLike": { "aws:TagKeys": "t*" }
              }
            },
            { "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": "sts:SetSourceIdentity" }
          ]
        }"#;
        let policy = Policy::parse(PolicyKind::RoleTrust, text).unwrap();
        let made = mutations(&policy);
        let whats: Vec<_> = made.iter().map(Mutation::what).collect();
        for expected in [
            "`Allow` becomes `Deny`",
            "the statement is removed",
            "`111122223333` becomes `*`",
            "`111122223333` becomes `999999999999`",
            "`arn:aws:iam::444455556666:role/ci` becomes `arn:aws:iam::444455556666:root`",
            "`arn:aws:iam::444455556666:role/ci` is removed",
            "`ec2.amazonaws.com` becomes `lambda.amazonaws.com`",
            "`ec2.amazonaws.com` is removed",
            "`sts:TagSession` is removed",
            "`a` is removed",
            "the condition `StringEqualsIfExists` of `sts:ExternalId` is removed",
            "`StringEqualsIfExists` becomes `StringEquals`",
            "`StringEqualsIfExists` becomes `StringNotEqualsIfExists`",
            "`Bool` of `aws:MultiFactorAuthPresent` asks for `false` instead of `true`",
            "the condition `Bool` of `aws:MultiFactorAuthPresent` is removed",
            "`NumericLessThan` becomes `NumericLessThanEquals`",
            "`NumericLessThan` becomes `NumericGreaterThanEquals`",
            "`ForAllValues:StringLike` becomes `ForAnyValue:StringLike`",
        ] {
            assert!(whats.contains(&expected), "{expected} is not among {whats:#?}");
        }
        for mutation in &made {
            let read = Policy::parse(PolicyKind::RoleTrust, mutation.mutated_text()).unwrap();
            assert_eq!(&read, mutation.mutant(), "{}", mutation.what());
            assert_ne!(read, policy, "{}", mutation.what());
            assert!(mutation.span().start >= policy.span().start && mutation.span().end <= policy.span().end);
        }
    }
}
