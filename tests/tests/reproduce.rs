//! `verify-build reproduce` with the real go command: programs are built with flags that
//! their files do not record, and built again from their source.

#[cfg(test)]
#[path = "reproduce/draw.rs"]
mod draw;
#[cfg(test)]
#[path = "reproduce/drawn.rs"]
mod drawn;
#[cfg(test)]
#[path = "reproduce/endings.rs"]
mod endings;
#[cfg(test)]
#[path = "reproduce/programs.rs"]
mod programs;
#[cfg(test)]
#[path = "reproduce/yard.rs"]
mod yard;
