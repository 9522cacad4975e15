//! Edits of a text, by place.

use iamsim_policy::Span;

/// Some bytes of a text are replaced by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: String,
}

impl Edit {
    pub(crate) fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    pub(crate) fn remove(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// A text with some edits, which do not overlap. An edit beyond the end is left out.
pub(crate) fn apply<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        if let Some(before) = text.get(at..start) {
            edited.push_str(before);
            edited.push_str(&edit.text);
            at = end;
        }
    }
    edited.push_str(text.get(at..).unwrap_or_default());
    edited
}

/// What has to go so that one of several items between commas goes: the item, and a comma.
pub(crate) fn item(spans: &[Span], index: usize) -> Option<Span> {
    let own = spans.get(index)?;
    Some(match (index.checked_sub(1).and_then(|before| spans.get(before)), spans.get(index + 1)) {
        (_, Some(next)) => Span::new(own.start, next.start),
        (Some(before), None) => Span::new(before.end, own.end),
        (None, None) => *own,
    })
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_where_they_belong() {
        let text = "0123456789";
        let edits = [Edit::replace(Span::new(7, 8), "seven"), Edit::remove(Span::new(0, 2))];
        assert_eq!(apply(text, &edits), "23456seven89");
        assert_eq!(apply(text, &[Edit::replace(Span::new(10, 10), "!")]), "0123456789!");
    }

    #[test]
    fn an_item_goes_with_one_comma() {
        let text = "[a, b , c]";
        let spans = [Span::new(1, 2), Span::new(4, 5), Span::new(8, 9)];
        let check = |index, expected: &str| {
            assert_eq!(apply(text, &[Edit::remove(item(&spans, index).unwrap())]), expected);
        };
        check(0, "[b , c]");
        check(1, "[a, c]");
        check(2, "[a, b]");
        assert_eq!(item(&spans, 3), None);
    }
}
