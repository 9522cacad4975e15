//! The canonical text of an explanation: what people read and snapshots hold. ASCII but for the user's own
//! text, no colour, no time of day, the same on every run and platform. `docs/explanation.md` describes it.

use std::fmt::{self, Write as _};

use iamsim_policy::{Arn, Comparison, Effect, PrincipalClause, ResourceClause, ResourcePattern, Template};

use crate::combine::Relation;
use crate::condition::{self, ConditionReason};
use crate::context::ContextValue;
use crate::layers::Layer;
use crate::principal::{Grade, PrincipalReason, unlisted};
use crate::program::Operand;
use crate::reason::{Because, policy_type};
use crate::request::{Request, Resource};
use crate::resource::ResourceReason;
use crate::text::{Plain, Quoted, listed};
use crate::trace::{
    ClauseTrace, Explanation, LayerTrace, LevelTrace, PolicyTrace, StatementRef, StatementTrace,
};
use crate::tracer::Standing;
use crate::truth::Truth;
use crate::unknown::UnknownFact;
use crate::variable::{self, Filling};

/// How many deciding statements and near misses are written before `and N more`.
const SHOWN: usize = 5;
/// How many statements about other actions, one after another, are written as one line.
const FOLDED: usize = 3;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.layers();
        self.write_question(f)?;
        writeln!(f, "  {}", Because(self))?;
        self.write_deciding(f, &layers)?;
        self.write_near_misses(f, &layers)?;
        self.write_dependence(f, &layers)?;
        for layer in &layers {
            write_layer(f, layer, self.request())?;
        }
        Ok(())
    }
}

impl Explanation {
    /// AWS's words for a layer's policies: `identity-based policy`, or `role trust policy` when a role is assumed.
    pub fn layer_name(&self, layer: Layer) -> &'static str {
        policy_type(layer, self.request())
    }

    /// What a layer comes to, in a few words: `allows`, `does not allow`, `none`.
    ///
    /// ```
    /// # use iamsim_eval::{explain, Caller, Context, Layer, Layers, Request, Resource};
    /// # let request = Request::new(
    /// #     Caller::anonymous(), "s3:GetObject".parse()?, Resource::None, Context::complete());
    /// let explanation = explain(&Layers::new(), &request);
    /// let layers = explanation.layers();
    /// let identity = layers.iter().find(|layer| layer.layer == Layer::Identity).unwrap();
    /// assert_eq!(explanation.layer_name(identity.layer), "identity-based policy");
    /// assert_eq!(explanation.layer_text(identity), "not looked at, the caller has no account");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn layer_text(&self, layer: &LayerTrace<'_>) -> &'static str {
        if is_read(layer.standing) {
            effect_text(layer.allow, layer.deny)
        } else {
            standing_text(layer.standing)
        }
    }

    /// Why a clause came out as it did, in one line, as the canonical text has it.
    pub fn clause_text(
        &self,
        policy: &PolicyTrace<'_>,
        statement: &StatementTrace<'_>,
        clause: &ClauseTrace<'_>,
    ) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write_clause(&mut text, clause, policy, statement, self.request());
        text
    }

    fn write_question(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.request();
        writeln!(f, "{}: {}", self.decision(), Plain(request.action().as_str()))?;
        writeln!(f, "  by {}", Plain(&request.caller().to_string()))?;
        write!(f, "  on {}", Plain(&request.resource().to_string()))?;
        match self.effective_resource() {
            Some(arn) => writeln!(f, ", which is authorized as {}", Plain(arn.as_str()))?,
            None => writeln!(f)?,
        }
        match (self.relation(), request.owner()) {
            (Relation::CrossAccount { .. }, Some(owner)) => {
                writeln!(f, "  of account {owner}, which is not the caller's")
            }
            (Relation::CrossAccount { .. }, None) => writeln!(f, "  of an account that is not known"),
            _ => Ok(()),
        }
    }

    fn write_deciding(&self, f: &mut fmt::Formatter<'_>, layers: &[LayerTrace<'_>]) -> fmt::Result {
        let deciding = self.deciding_among(layers);
        if deciding.is_empty() {
            return Ok(());
        }
        writeln!(f, "  decided by")?;
        write_some(f, &deciding, |f, statement| {
            writeln!(f, "    {statement}, {}", policy_type(statement.layer, self.request()))
        })
    }

    fn write_near_misses(&self, f: &mut fmt::Formatter<'_>, layers: &[LayerTrace<'_>]) -> fmt::Result {
        let near_misses = self.near_misses_among(layers);
        if near_misses.is_empty() {
            return Ok(());
        }
        writeln!(f, "  near misses")?;
        write_some(f, &near_misses, |f, near_miss| writeln!(f, "    {near_miss}"))
    }

    fn write_dependence(&self, f: &mut fmt::Formatter<'_>, layers: &[LayerTrace<'_>]) -> fmt::Result {
        let (keys, facts) = self.dependence_among(layers);
        if !keys.is_empty() || !facts.is_empty() {
            writeln!(f, "  depends on")?;
        }
        for key in keys {
            writeln!(f, "    {}", Plain(&key))?;
        }
        for fact in facts {
            write!(f, "    {fact}")?;
            match (fact, self.request().resource()) {
                (UnknownFact::Owner, Resource::Arn(arn)) => {
                    writeln!(f, ": add {} to the account that owns it", Plain(&thing(arn)))?;
                }
                _ => writeln!(f)?,
            }
        }
        let residuals = self.residuals_among(layers);
        if residuals.is_empty() {
            return Ok(());
        }
        writeln!(f, "  could still decide")?;
        for residual in residuals {
            let StatementRef { layer, statement, .. } = residual.statement;
            let verb = match statement.effect() {
                Effect::Allow => "allows",
                Effect::Deny => "denies",
            };
            writeln!(f, "    {}, {}, {verb} if", residual.statement, policy_type(layer, self.request()))?;
            for clause in &residual.clauses {
                writeln!(f, "      {}", residual_text(clause, statement, self.request()))?;
            }
        }
        Ok(())
    }
}

/// What an ARN without account speaks of, in the reader's words: the bucket `reports`, for an object in it too.
fn thing(arn: &Arn) -> String {
    match arn.resource().split('/').next() {
        Some(bucket) if arn.service() == "s3" => format!("the bucket `{bucket}`"),
        _ => format!("`{arn}`"),
    }
}

fn write_some<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut write: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for item in items.iter().take(SHOWN) {
        write(f, item)?;
    }
    match items.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(f, "    and {more} more"),
    }
}

/// What is left to be true of a clause that is not known to match.
fn residual_text(
    clause: &ClauseTrace<'_>,
    statement: &iamsim_policy::Statement,
    request: &Request,
) -> String {
    match clause {
        ClauseTrace::Condition { condition, .. } => {
            let values = listed(condition.values().iter().map(|listed| listed.value.as_str()));
            format!("{} {} {values}", condition.operator(), Plain(condition.key().as_str()))
        }
        ClauseTrace::Resource { .. } => {
            let negated = statement.resource().is_some_and(ResourceClause::is_negated);
            let verb = if negated { "none covers" } else { "covers" };
            let on = request.resource().to_string();
            format!("{} {} {verb} {}", element("Resource", negated), resources(statement), Quoted(&on))
        }
        ClauseTrace::Principal { .. } | ClauseTrace::Action { .. } => {
            let negated = statement.principal().is_some_and(PrincipalClause::is_negated);
            let verb = if negated { "do not exempt the caller" } else { "name the caller" };
            format!("{} {} {verb}", element("Principal", negated), principals(statement))
        }
    }
}

fn element(name: &str, negated: bool) -> String {
    format!("{}{name}", if negated { "Not" } else { "" })
}

fn resources(statement: &iamsim_policy::Statement) -> String {
    let patterns = statement.resource().map(ResourceClause::patterns).unwrap_or_default();
    listed(patterns.iter().map(|entry| ResourcePattern::as_str(&entry.value)))
}

fn principals(statement: &iamsim_policy::Statement) -> String {
    let entries = statement.principal().map(PrincipalClause::entries).unwrap_or_default();
    let texts: Vec<String> = entries.iter().map(|entry| entry.value.to_string()).collect();
    listed(texts.iter().map(String::as_str))
}

fn write_layer(f: &mut fmt::Formatter<'_>, layer: &LayerTrace<'_>, request: &Request) -> fmt::Result {
    // What is not there has no line, except where its absence decides.
    if layer.standing == Standing::None && layer.notes.is_empty() && layer.layer != Layer::Identity {
        return Ok(());
    }
    let kind = policy_type(layer.layer, request);
    writeln!(f)?;
    let is_read = is_read(layer.standing);
    if is_read {
        writeln!(f, "  {kind}: {}", effect_text(layer.allow, layer.deny))?;
    } else {
        writeln!(f, "  {kind}: {}", standing_text(layer.standing))?;
    }
    if layer.standing == Standing::PerhapsServiceLinkedRole {
        writeln!(f, "    {}", standing_text(layer.standing))?;
    }
    for note in &layer.notes {
        writeln!(f, "    {note}")?;
    }
    if is_read {
        for level in &layer.levels {
            write_level(f, layer.layer, level, request)?;
        }
    }
    Ok(())
}

fn write_level(
    f: &mut fmt::Formatter<'_>,
    layer: Layer,
    level: &LevelTrace<'_>,
    request: &Request,
) -> fmt::Result {
    let Some(name) = level.name else {
        return level.policies.iter().try_for_each(|policy| write_policy(f, policy, request, 4));
    };
    writeln!(f, "    {}", Plain(name))?;
    if level.policies.is_empty() {
        match layer {
            Layer::ServiceControl => writeln!(f, "      nothing is attached, so nothing is allowed")?,
            _ => writeln!(f, "      nothing is attached")?,
        }
    }
    level.policies.iter().try_for_each(|policy| write_policy(f, policy, request, 6))
}

fn is_read(standing: Standing) -> bool {
    matches!(standing, Standing::Applies | Standing::PerhapsServiceLinkedRole)
}

fn standing_text(standing: Standing) -> &'static str {
    match standing {
        Standing::Applies => "applies",
        Standing::None => "none",
        Standing::Unknown => "not known",
        Standing::CallerWithoutAccount => "not looked at, the caller has no account",
        Standing::ServicePrincipal => "not looked at, a service acts for itself",
        Standing::ServiceLinkedRole => "not looked at, the caller's role is service-linked",
        Standing::PerhapsServiceLinkedRole => "counts unless the caller's role is service-linked",
        Standing::ServiceNotSupported => "not looked at, the service has no such policies",
        Standing::RootUser => "not looked at, the caller is a root user",
        Standing::FederatedWithoutSessionPolicy => {
            "none, so the session from GetFederationToken has no permissions of its own"
        }
        Standing::NotForAction => "not looked at, no resource policy takes part in this action",
    }
}

fn effect_text(allow: Truth, deny: Truth) -> &'static str {
    match (deny, allow) {
        (Truth::True, _) => "denies",
        (Truth::Unknown, Truth::True) => "allows, and may deny",
        (Truth::Unknown, Truth::Unknown) => "may allow, and may deny",
        (Truth::Unknown, Truth::False) => "does not allow, and may deny",
        (Truth::False, Truth::True) => "allows",
        (Truth::False, Truth::Unknown) => "may allow",
        (Truth::False, Truth::False) => "does not allow",
    }
}

fn write_policy(
    f: &mut fmt::Formatter<'_>,
    policy: &PolicyTrace<'_>,
    request: &Request,
    indent: usize,
) -> fmt::Result {
    writeln!(f, "{:indent$}{}", "", Plain(policy.name))?;
    let mut statements = policy.statements.as_slice();
    while let Some((statement, rest)) = statements.split_first() {
        let others = statements.iter().take_while(|statement| statement.is_about_other_actions()).count();
        if others >= FOLDED
            && let Some((folded, rest)) = statements.split_at_checked(others)
        {
            let (first, last) = (statement.index + 1, statement.index + folded.len());
            writeln!(f, "{:indent$}  statements {first} to {last}: about other actions", "")?;
            statements = rest;
            continue;
        }
        statements = rest;
        write_statement(f, policy, statement, request, indent)?;
    }
    Ok(())
}

fn write_statement(
    f: &mut fmt::Formatter<'_>,
    policy: &PolicyTrace<'_>,
    trace: &StatementTrace<'_>,
    request: &Request,
    indent: usize,
) -> fmt::Result {
    let sid = trace.statement.sid().map(|sid| format!(" {}", Quoted(sid))).unwrap_or_default();
    let place = policy.policy.source().place(trace.statement.span()).to_string();
    write!(f, "{:indent$}  statement {}{sid}: ", "", trace.index + 1)?;
    if trace.is_about_other_actions() {
        let effect = match trace.statement.effect() {
            Effect::Allow => "allows",
            Effect::Deny => "denies",
        };
        let actions = trace.statement.action();
        let what = if actions.is_negated() { "all actions but" } else { "other actions," };
        let entries = listed(actions.patterns().iter().map(|entry| entry.value.as_str()));
        return writeln!(f, "{effect} {what} {entries} ({})", Plain(&place));
    }
    writeln!(f, "{} ({})", trace.text(), Plain(&place))?;
    for clause in &trace.clauses {
        let mut text = String::new();
        write_clause(&mut text, clause, policy, trace, request)?;
        writeln!(f, "{:indent$}    {} {text}", "", mark(clause.outcome()))?;
    }
    Ok(())
}

impl StatementTrace<'_> {
    /// What the statement comes to, in a few words: `allows`, `may deny`, `would allow, does not match`.
    pub fn text(&self) -> &'static str {
        match (self.statement.effect(), self.matches) {
            (Effect::Allow, Truth::True) => "allows",
            (Effect::Deny, Truth::True) => "denies",
            (Effect::Allow, Truth::Unknown) => "may allow",
            (Effect::Deny, Truth::Unknown) => "may deny",
            (Effect::Allow, Truth::False) => "would allow, does not match",
            (Effect::Deny, Truth::False) => "would deny, does not match",
        }
    }
}

fn mark(outcome: Truth) -> &'static str {
    match outcome {
        Truth::True => "yes",
        Truth::False => "no ",
        Truth::Unknown => "?  ",
    }
}

fn write_clause(
    f: &mut String,
    clause: &ClauseTrace<'_>,
    policy: &PolicyTrace<'_>,
    trace: &StatementTrace<'_>,
    request: &Request,
) -> fmt::Result {
    let statement = trace.statement;
    match clause {
        ClauseTrace::Action { entry, .. } => {
            let written = statement.action();
            let element = element("Action", written.is_negated());
            let action = Quoted(request.action().as_str());
            if let Some(entry) = entry {
                write!(f, "{element}: {} covers {action}", Quoted(entry.as_str()))
            } else {
                let entries = written.patterns().iter().map(|entry| entry.value.as_str());
                write!(f, "{element}: {action} is not among {}", listed(entries))
            }
        }
        ClauseTrace::Principal { reason, entry, .. } => write_principal(f, *reason, *entry, trace, request),
        ClauseTrace::Resource { reason, entry, .. } => write_resource(f, *reason, *entry, statement, request),
        ClauseTrace::Condition { condition, reason, index, .. } => {
            let operands = policy.program.operands(trace.index, *index);
            write_condition(f, condition, *reason, operands, request)
        }
    }
}

fn write_resource(
    f: &mut String,
    reason: ResourceReason,
    entry: Option<&ResourcePattern>,
    statement: &iamsim_policy::Statement,
    request: &Request,
) -> fmt::Result {
    let Some(written) = statement.resource() else {
        return f.write_str("Resource: the one the policy is on");
    };
    let element = element("Resource", written.is_negated());
    let entries = resources(statement);
    let resource = request.resource().to_string();
    let on = Quoted(&resource);
    match (reason, entry) {
        (ResourceReason::VariableUnknown, Some(entry)) => {
            write!(
                f,
                "{element}: a variable in {} is not known, so it may cover {on}",
                Quoted(entry.as_str())
            )
        }
        (_, Some(entry)) => {
            let template = match entry {
                ResourcePattern::Arn(pattern) => Some(pattern.resource()),
                _ => None,
            };
            let here = template.and_then(|template| filled(template, request)).unwrap_or_default();
            write!(f, "{element}: {}{here} covers {on}", Quoted(entry.as_str()))
        }
        (ResourceReason::VariableWithoutValue, None) => {
            write!(f, "{element}: a variable in {entries} has no value")
        }
        (ResourceReason::NoResource, None) => {
            write!(f, "{element}: the request names no resource, and `*` is not among {entries}")
        }
        (ResourceReason::InertEntry, None) => {
            write!(f, "{element}: an entry of {entries} names no whole ARN, so the statement is inert")
        }
        (ResourceReason::EmptyList, None) => write!(f, "{element}: the list is empty"),
        _ => {
            // With one entry it is plain which value of its variables did not fit.
            let here = match written.patterns() {
                [only] => match &only.value {
                    ResourcePattern::Arn(pattern) => filled(pattern.resource(), request),
                    _ => None,
                },
                _ => None,
            };
            write!(f, "{element}: {on} is not among {entries}{}", here.unwrap_or_default())
        }
    }
}

/// ` (here \`b/alice/*\`)` for a template with variables that have values.
fn filled(template: &Template, request: &Request) -> Option<String> {
    if !template.has_variables() {
        return None;
    }
    if variable::filling(template.pieces(), request.context()) != Filling::Known {
        return None;
    }
    let tokens = template.pieces().iter().map(|piece| variable::filled(piece, request.context()));
    let text: String = tokens
        .map(|token| match token {
            iamsim_policy::wildcard::Token::Text(text) => text,
            iamsim_policy::wildcard::Token::One => "?",
            iamsim_policy::wildcard::Token::Run => "*",
        })
        .collect();
    Some(format!(" (here {})", Quoted(&text)))
}

fn write_principal(
    f: &mut String,
    reason: PrincipalReason,
    entry: Option<&iamsim_policy::PrincipalPattern>,
    trace: &StatementTrace<'_>,
    request: &Request,
) -> fmt::Result {
    let negated = trace.statement.principal().is_some_and(PrincipalClause::is_negated);
    let element = element("Principal", negated);
    let entries = principals(trace.statement);
    match reason {
        PrincipalReason::Named => match entry {
            Some(entry) => {
                let whom = named(entry, trace.grade);
                write!(f, "{element}: {} names {whom}", Quoted(&entry.to_string()))
            }
            None => write!(f, "{element}: names the caller"),
        },
        PrincipalReason::NotNamed => write!(f, "{element}: the caller is not among {entries}"),
        PrincipalReason::NoElement => f.write_str("Principal: missing, so the statement names nobody"),
        PrincipalReason::Exempt => write!(f, "{element}: the caller is exempt by {entries}"),
        PrincipalReason::NotExempt => {
            let unlisted = trace.statement.principal().map(|clause| unlisted(clause, request.caller()));
            match unlisted.as_deref() {
                Some([_, more @ ..]) => {
                    let are = if more.is_empty() { "is" } else { "are" };
                    let names = unlisted.iter().flatten().map(String::as_str);
                    let names = listed(names.collect::<Vec<_>>().into_iter());
                    write!(f, "{element}: {names} {are} not among {entries}")
                }
                _ => write!(f, "{element}: the caller is not among {entries}"),
            }
        }
        PrincipalReason::BoundaryVoidsExemption => {
            write!(f, "{element}: exempts nobody who has a permissions boundary")
        }
        PrincipalReason::CallerNotKnown => {
            write!(f, "{element}: too little is known of the caller to compare it with {entries}")
        }
    }
}

/// Whom an entry names, and what that is worth (PE-RBP).
fn named(entry: &iamsim_policy::PrincipalPattern, grade: Option<Grade>) -> &'static str {
    use iamsim_policy::PrincipalPattern as Pattern;
    match (entry, grade) {
        (Pattern::Everyone, _) => "everyone",
        (Pattern::Account { .. } | Pattern::CanonicalUser(_), _) => "the caller's account",
        (Pattern::RoleSession(_) | Pattern::FederatedSession(_), _) => "this session",
        (_, Some(Grade::Limited)) => "the identity behind the session",
        _ => "the caller",
    }
}

fn write_condition(
    f: &mut String,
    written: &iamsim_policy::Condition,
    reason: ConditionReason,
    operands: &[Operand],
    request: &Request,
) -> fmt::Result {
    let context = request.context();
    let found = context.get(written.key());
    write!(f, "{} {} ", written.operator(), Plain(written.key().as_str()))?;
    // Of many listed values the one that is matched says most.
    let matched = found.as_one().and_then(|value| condition::matching(written, operands, value, context));
    let shown = match written.values() {
        [only] => Some(only),
        values => matched.and_then(|index| values.get(index)),
    };
    match shown {
        Some(shown) => {
            let here = shown.value.template().and_then(|template| filled(template, request));
            write!(f, "{}{}", Quoted(shown.value.as_str()), here.unwrap_or_default())?;
            if written.values().len() > 1 {
                write!(f, " among {} values", written.values().len())?;
            }
        }
        None => f.write_str(&listed(written.values().iter().map(|listed| listed.value.as_str())))?,
    }
    f.write_str(": ")?;
    let value = match found {
        ContextValue::One(value) => Quoted(value).to_string(),
        ContextValue::Many(values) => format!("[{}]", listed(values.iter().map(|value| &**value))),
        ContextValue::Absent => "nothing".to_owned(),
        ContextValue::Unknown => "an unknown value".to_owned(),
    };
    let culprit = |holds: Truth| {
        condition::first_value(written, operands, context, holds)
            .map_or_else(|| value.clone(), |value| Quoted(value).to_string())
    };
    match reason {
        ConditionReason::Listed | ConditionReason::NotListed | ConditionReason::KeyPresent => {
            write!(f, "the request has {value}")
        }
        ConditionReason::KeyAbsent if written.operator().comparison == Comparison::Null => match found {
            ContextValue::Absent => f.write_str("the request does not carry the key"),
            _ => f.write_str("the request carries the key without a value"),
        },
        ConditionReason::KeyAbsent => f.write_str("the request does not carry the key"),
        ConditionReason::AbsentIfExists => {
            f.write_str("the request does not carry the key, which satisfies IfExists")
        }
        ConditionReason::NeedsSetQualifier => {
            write!(f, "the key is multivalued, {value}, and needs ForAllValues or ForAnyValue")
        }
        ConditionReason::NoValuesForAll => {
            f.write_str("the request has no values, which satisfies ForAllValues")
        }
        ConditionReason::NoValuesForAny => f.write_str("the request has no values, which fails ForAnyValue"),
        ConditionReason::AllValuesPass => write!(f, "every value of {value} passes"),
        ConditionReason::SomeValueFails => {
            write!(f, "the request has {value}, and {} does not pass", culprit(Truth::False))
        }
        ConditionReason::SomeValuePasses => {
            write!(f, "the request has {value}, and {} passes", culprit(Truth::True))
        }
        ConditionReason::AllValuesFail => write!(f, "no value of {value} passes"),
        ConditionReason::NothingListed => f.write_str("the policy lists no value that could match"),
        ConditionReason::NotOfType => write!(f, "the request has {value}, which this operator can't compare"),
        ConditionReason::NullWithQualifier => {
            f.write_str("with this qualifier, Null is the same for every request")
        }
        ConditionReason::KeyUnknown => f.write_str("whether the request carries the key is not known"),
        ConditionReason::VariableUnknown => {
            write!(f, "the request has {value}, and the value of a variable is not known")
        }
    }
}
