//! Files judged alone.
