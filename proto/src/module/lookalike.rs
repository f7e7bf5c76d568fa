//! Names of modules that a reader takes for each other.
//!
//! Module paths are ASCII, so the confusable letters of other scripts cannot come up.
//! What is left are case, which some file systems and hosts do not tell apart, and
//! letters that look alike in common fonts: `0` and `o`, `1`, `l` and `i`, `rn` and `m`,
//! `vv` and `w`, `-` and `_`. Two paths that are the same but for those have one
//! skeleton:
//!
//! ```
//! use proto::module::lookalike::skeleton;
//!
//! assert_eq!(skeleton("github.com/sirupsen/logrus"), skeleton("github.com/Sirupsen/1ogrus"));
//! assert_ne!(skeleton("github.com/sirupsen/logrus"), skeleton("github.com/siruspen/logrus"));
//! ```
//!
//! Letters that are swapped, left out or doubled are another kind of likeness, and not
//! looked for: every second short name would be like another.

/// Returns what a path has in common with all paths that look like it.
pub fn skeleton(path: &str) -> String {
    let mut skeleton = String::with_capacity(path.len());
    for letter in path.chars() {
        let letter = match letter.to_ascii_lowercase() {
            '0' => 'o',
            '1' | 'i' => 'l',
            '_' => '-',
            other => other,
        };
        let joined = match (skeleton.chars().next_back(), letter) {
            (Some('r'), 'n') => Some('m'),
            (Some('v'), 'v') => Some('w'),
            _ => None,
        };
        match joined {
            Some(joined) => {
                skeleton.pop();
                skeleton.push(joined);
            }
            None => skeleton.push(letter),
        }
    }
    skeleton
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("github.com/BurntSushi/toml", "github.com/burntsushi/toml"),
            ("github.com/BurntSushi/toml", "github.com/BurntSushi/t0ml"),
            ("example.com/util", "example.com/uti1"),
            ("example.com/util", "example.com/utiI"),
            ("example.com/modern", "exarnple.com/modem"),
            ("example.com/web", "example.com/vveb"),
            ("example.com/go-kit", "example.com/go_kit"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_a_reader_tells_apart_have_others() {
        for (one, other) in [
            ("example.com/a", "example.com/b"),
            ("example.com/x", "example.com/x/v2"),
            ("example.com/gokit", "example.com/go-kit"),
            ("example.com/go.kit", "example.com/go-kit"),
            ("gopkg.in/yaml.v2", "gopkg.in/yaml.v3"),
        ] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn a_skeleton_is_its_own(path in "[a-zA-Z0-9./_-]{0,30}") {
            let once = skeleton(&path);
            prop_assert_eq!(skeleton(&once), once.as_str());
            prop_assert_eq!(skeleton(&path.to_ascii_uppercase()), once);
        }
    }
}
