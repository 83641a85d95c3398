//! `MSFT:DynamicNodeNaming`: how the name of a dynamic node comes about.

use super::Pattern;

/// `MSFT:DynamicNodeNaming` (the `MSFT` schema of DDF v2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// `MSFT:ServerGeneratedUniqueIdentifier`: the server makes it up.
    ServerGenerated,
    /// `MSFT:ClientInventory`: the device names what it has.
    ClientInventory,
    /// `MSFT:UniqueName`: the server chooses it. The schema calls the text a regular expression; published files
    /// write sentences there as well, which allow every name.
    UniqueName(Pattern),
}

impl Naming {
    /// The naming of `MSFT:UniqueName` with this text, and why the pattern in it cannot be used when it cannot.
    #[must_use]
    pub fn unique_name(text: &str) -> (Self, Option<String>) {
        let (pattern, trouble) =
            if is_prose(text) { (Pattern::prose(text), None) } else { Pattern::new(text) };
        (Self::UniqueName(pattern), trouble)
    }

    /// Whether a node may have this name, as far as the description says.
    #[must_use]
    pub fn accepts(&self, name: &str) -> bool {
        match self {
            Self::ServerGenerated | Self::ClientInventory => true,
            Self::UniqueName(pattern) => pattern.matches(name),
        }
    }
}

/// A text with blanks, or without any sign that means something in a regular expression, is a description.
fn is_prose(text: &str) -> bool {
    text.contains(char::is_whitespace) || !text.contains(['[', '(', '{', '\\', '^', '$', '*', '+', '?', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_sentences() {
        let (letters, trouble) = Naming::unique_name("[A-Za-z]+");
        assert!(trouble.is_none() && letters.accepts("Name") && !letters.accepts("1"));
        for text in ["The product code of the application.", "ProviderID", ""] {
            let (sentence, trouble) = Naming::unique_name(text);
            assert!(trouble.is_none() && sentence.accepts("anything"));
        }
        assert!(Naming::unique_name("[").1.is_some());
        assert!(Naming::ClientInventory.accepts("x") && Naming::ServerGenerated.accepts("x"));
    }
}
