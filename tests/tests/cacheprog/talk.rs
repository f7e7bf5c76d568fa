//! The protocol, spoken as a go command does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::environment;

/// A child, and the two ends of the conversation with it.
pub(crate) struct Talk {
    pub(crate) child: Child,
    pub(crate) input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Talk {
    /// Begins a conversation about a record.
    pub(crate) fn with(mode: &str, folder: &Path) -> Self {
        let mut command = Command::new(environment::program("verify-build"));
        command.args(["cacheprog", mode]).arg(folder);
        Self::start(command)
    }

    /// Begins a conversation with a child that is started so.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut talk = Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(
            talk.hear(),
            json!({"ID": 0, "KnownCommands": ["get", "put", "close"]})
        );
        talk
    }

    /// Writes a request, or what is none.
    pub(crate) fn say(&mut self, text: impl AsRef<[u8]>) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_ref()).unwrap();
        input.flush().unwrap();
    }

    /// Asks for an output to be kept.
    pub(crate) fn put(&mut self, id: u32, action: [u8; 32], output: [u8; 32], body: &[u8]) {
        let request = json!({
            "ID": id, "Command": "put", "ActionID": STANDARD.encode(action),
            "OutputID": STANDARD.encode(output), "BodySize": body.len(),
        });
        self.say(format!("{request}\n\n"));
        if !body.is_empty() {
            self.say(format!("\"{}\"\n", STANDARD.encode(body)));
        }
    }

    /// Asks for an output; returns the answer.
    pub(crate) fn get(&mut self, id: u32, action: [u8; 32]) -> Value {
        let action = STANDARD.encode(action);
        self.say(format!(
            "{}\n\n",
            json!({"ID": id, "Command": "get", "ActionID": action})
        ));
        self.hear()
    }

    /// Reads an answer; null where there is none, or what is not an answer.
    pub(crate) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }

    /// Ends the input, and says how the child took it.
    pub(crate) fn end(mut self) -> (i32, String) {
        drop(self.input.take());
        let output = self.child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    }
}
