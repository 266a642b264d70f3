// What scripts see: the sandbox and the `redis` table.
#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Tables that can't be changed

/// Names the metatable of proxies in the registry.
static const char protection_key = 0;

int raise_read_only(lua_State *state) {
  return luaL_error(state, "Attempt to modify a readonly table");
}

bool is_protected(lua_State *state, int index) {
  if (!lua_istable(state, index) || !lua_getmetatable(state, index)) return false;
  lua_pushlightuserdata(state, (void *)&protection_key);
  lua_rawget(state, -2);
  bool result = lua_toboolean(state, -1);
  lua_pop(state, 2);
  return result;
}

void protect_table(lua_State *state) {
  lua_newtable(state);
  lua_createtable(state, 0, 4);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, raise_read_only);
  lua_setfield(state, -2, "__newindex");
  lua_pushlightuserdata(state, (void *)&protection_key);
  lua_pushboolean(state, 1);
  lua_rawset(state, -3);
  // What `getmetatable` shows in its place can't be changed either.
  lua_newtable(state);
  lua_createtable(state, 0, 2);
  lua_pushcfunction(state, raise_read_only);
  lua_setfield(state, -2, "__newindex");
  lua_pushlightuserdata(state, (void *)&protection_key);
  lua_pushboolean(state, 1);
  lua_rawset(state, -3);
  lua_setmetatable(state, -2);
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

/// Pushes what a proxy at `index` stands for, or the value itself.
static void push_behind(lua_State *state, int index) {
  if (is_protected(state, index)) {
    lua_getmetatable(state, index);
    lua_getfield(state, -1, "__index");
    lua_remove(state, -2);
    if (lua_istable(state, -1)) return;
    lua_pop(state, 1);
    lua_newtable(state);
  } else {
    lua_pushvalue(state, index);
  }
}

static int tell_protected(lua_State *state) {
  lua_pushboolean(state, is_protected(state, 1));
  return 1;
}

/// Calls the function in upvalue 1 unless the first argument is protected.
static int call_if_changeable(lua_State *state) {
  if (is_protected(state, 1)) return raise_read_only(state);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

/// Calls the function in upvalue 1 with what the first argument stands for.
static int call_behind(lua_State *state) {
  if (lua_gettop(state) > 0 && is_protected(state, 1)) {
    push_behind(state, 1);
    lua_replace(state, 1);
  }
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

static void wrap(lua_State *state, const char *name, lua_CFunction wrapper) {
  lua_getfield(state, -1, name);
  lua_pushcclosure(state, wrapper, 1);
  lua_setfield(state, -2, name);
}

static int raise_missing_global(lua_State *state) {
  const char *name = lua_tostring(state, 2);
  return luaL_error(
      state, "Script attempted to access nonexistent global variable '%s'", name ? name : "?");
}

/// Nobody else gets a turn while a text is compiled.
enum { loaded_bytes_max = 4 << 20 };

/// `load` and `loadstring` of text only; what they make sees what scripts see.
static int load_text(lua_State *state) {
  cscript *script = script_of(state);
  size_t count;
  const char *name, *text;
  if (lua_isfunction(state, 1)) {
    name = luaL_optstring(state, 2, "=(load)");
    luaL_Buffer pieces;
    lua_settop(state, 2);
    luaL_buffinit(state, &pieces);
    while (true) {
      lua_pushvalue(state, 1);
      lua_call(state, 0, 1);
      if (lua_isnil(state, -1) || (lua_isstring(state, -1) && lua_objlen(state, -1) == 0)) {
        lua_pop(state, 1);
        break;
      }
      if (!lua_isstring(state, -1)) return luaL_error(state, "reader function must return a string");
      luaL_addvalue(&pieces);
    }
    luaL_pushresult(&pieces);
    text = lua_tolstring(state, -1, &count);
  } else {
    text = luaL_checklstring(state, 1, &count);
    name = luaL_optstring(state, 2, text);
  }
  if (count > loaded_bytes_max) return luaL_error(state, "chunk is too large");
  if (count > long_text_bytes) look_soon(script);
  if (luaL_loadbufferx(state, text, count, name, "t") != 0) {
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
  }
  lua_rawgeti(state, LUA_REGISTRYINDEX, script->environment_reference);
  lua_setfenv(state, -2);
  return 1;
}

/// `string.format`, whose `%q` writes NUL and carriage return as Lua 5.1 does: the interpreter's writes the shortest
/// numbers.
static int format_text(lua_State *state) {
  size_t count;
  const char *format = lua_tolstring(state, 1, &count);
  // Called as itself, so that errors name it.
  lua_CFunction original = lua_tocfunction(state, lua_upvalueindex(1));
  if (!format || !memchr(format, 'q', count)) return original(state);
  buffer *rewritten = &script_of(state)->scratch;
  rewritten->count = 0;
  int argument = 1;
  for (size_t index = 0; index < count; index++) {
    buffer_byte(rewritten, format[index]);
    if (format[index] != '%' || index + 1 == count) continue;
    if (format[index + 1] == '%') {
      buffer_byte(rewritten, format[++index]);
      continue;
    }
    argument++;
    if (format[index + 1] != 'q' || lua_type(state, argument) != LUA_TSTRING) continue;
    index++;
    buffer_byte(rewritten, 's');
    size_t length;
    const char *text = lua_tolstring(state, argument, &length);
    luaL_Buffer quoted;
    luaL_buffinit(state, &quoted);
    luaL_addchar(&quoted, '"');
    for (size_t position = 0; position < length; position++) {
      switch (text[position]) {
        case '\0': luaL_addstring(&quoted, "\\000"); break;
        case '\r': luaL_addstring(&quoted, "\\r"); break;
        case '"':
        case '\\':
        case '\n': luaL_addchar(&quoted, '\\');
        // fall through
        default: luaL_addchar(&quoted, text[position]);
      }
    }
    luaL_addchar(&quoted, '"');
    luaL_pushresult(&quoted);
    lua_replace(state, argument);
  }
  lua_pushlstring(state, rewritten->bytes, rewritten->count);
  lua_replace(state, 1);
  return original(state);
}

// MARK: redis.call

/// The words of a call, false if one of them is of the wrong type.
static bool take_words(cscript *script, lua_State *state, int count) {
  if (count > script->word_capacity) {
    cscript_word *words = realloc(script->words, sizeof(cscript_word) * (size_t)count);
    if (!words) abort();
    script->words = words;
    script->word_capacity = count;
  }
  // Texts of numbers move when the buffer grows: room for all at once.
  script->numbers.count = 0;
  buffer_reserve(&script->numbers, (size_t)count * 40);
  for (int index = 0; index < count; index++) {
    if (lua_type(state, index + 1) == LUA_TNUMBER) {
      double number = lua_tonumber(state, index + 1);
      char *text = script->numbers.bytes + script->numbers.count;
      int length = number > -9.0e18 && number < 9.0e18 && (double)(long long)number == number
          ? write_integer(text, (long long)number)
          : snprintf(text, 40, "%.17g", number);
      script->words[index] = (cscript_word){text, length};
      script->numbers.count += (size_t)length;
    } else {
      size_t length;
      const char *text = lua_tolstring(state, index + 1, &length);
      if (!text) return false;
      script->words[index] = (cscript_word){text, (long)length};
    }
  }
  return true;
}

/// Leaves an error table at the top: raises it, or returns it.
static int fail(lua_State *state, bool is_protected_call) {
  if (is_protected_call) return 1;
  return lua_error(state);
}

int refuse(lua_State *state, const char *text, bool is_protected_call) {
  push_error_table(state, text, strlen(text));
  return fail(state, is_protected_call);
}

static int call(lua_State *state, bool is_protected_call) {
  cscript *script = script_of(state);
  if (!script->current) {
    return refuse(
        state, "ERR redis.call/pcall can only be called inside a script invocation",
        is_protected_call);
  }
  int count = lua_gettop(state);
  if (count == 0) {
    return refuse(
        state, "ERR Please specify at least one argument for this redis lib call",
        is_protected_call);
  }
  if (!take_words(script, state, count)) {
    return refuse(
        state, "ERR Lua redis lib command arguments must be strings or integers",
        is_protected_call);
  }
  cscript_word reply = {"", 0};
  cscript_outcome outcome = script->host.call(script->host.context, script->words, count, &reply);
  size_t offset = 0;
  // The words may have taken all the room that a function has.
  if (outcome == CSCRIPT_REPLIED || outcome == CSCRIPT_REFUSED) lua_settop(state, 0);
  switch (outcome) {
    case CSCRIPT_REPLIED:
      look_after_call(script);
      push_reply(script, state, reply.bytes, (size_t)reply.count, &offset);
      if (reply.count > 0 && *(const char *)reply.bytes == '-') {
        note_as_counted(state);
        return fail(state, is_protected_call);
      }
      return 1;
    case CSCRIPT_REFUSED:
      push_error_table(state, reply.bytes, (size_t)reply.count);
      note_as_counted(state);
      return fail(state, is_protected_call);
    case CSCRIPT_WAITS:
    case CSCRIPT_ENDS:
      if (!lua_isyieldable(state)) {
        return refuse(
            state, "ERR this call needs another shard, and can't wait for it inside a callback",
            is_protected_call);
      }
      script->current->is_protected_call = is_protected_call;
      script->reason = outcome == CSCRIPT_WAITS ? YIELD_CALL : YIELD_END;
      return lua_yield(state, 0);
  }
  return 0;
}

static int redis_call(lua_State *state) { return call(state, false); }
static int redis_pcall(lua_State *state) { return call(state, true); }

// MARK: The rest of the table

/// Makes an error's text complete: with a code, without the leading dash.
static int redis_error_reply(lua_State *state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) {
    return refuse(state, "ERR wrong number or type of arguments", true);
  }
  // As far as the first NUL.
  const char *text = lua_tostring(state, 1);
  size_t count = strlen(text);
  if (count > 0 && text[0] == '-') {
    text++;
    count--;
  }
  while (count > 0 && (text[count - 1] == '\r' || text[count - 1] == '\n')) count--;
  lua_createtable(state, 0, 1);
  if (!memchr(text, ' ', count)) {
    lua_pushstring(state, "ERR ");
    lua_pushlstring(state, text, count);
    lua_concat(state, 2);
  } else {
    lua_pushlstring(state, text, count);
  }
  lua_setfield(state, -2, "err");
  return 1;
}

static int redis_status_reply(lua_State *state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) {
    return refuse(state, "ERR wrong number or type of arguments", true);
  }
  lua_createtable(state, 0, 1);
  lua_pushvalue(state, 1);
  lua_setfield(state, -2, "ok");
  return 1;
}

static int redis_sha1hex(lua_State *state) {
  if (lua_gettop(state) != 1) return refuse(state, "ERR wrong number of arguments", false);
  size_t count;
  const char *text = lua_tolstring(state, 1, &count);
  if (!text) count = 0;
  char digits[40];
  cscript_sha1_hex(text ? text : "", text ? count : 0, digits);
  if (count > 1 << 14) look_soon(script_of(state));
  lua_pushlstring(state, digits, 40);
  return 1;
}

static int redis_log(lua_State *state) {
  cscript *script = script_of(state);
  int count = lua_gettop(state);
  if (count < 2) return refuse(state, "ERR redis.log() requires two arguments or more.", false);
  if (!lua_isnumber(state, 1)) {
    return refuse(state, "ERR First argument must be a number (log level).", false);
  }
  int level = (int)lua_tonumber(state, 1);
  if (level < 0 || level > 3) return refuse(state, "ERR Invalid log level.", false);
  luaL_Buffer message;
  luaL_buffinit(state, &message);
  for (int index = 2; index <= count; index++) {
    size_t length;
    const char *text = lua_tolstring(state, index, &length);
    if (!text) continue;
    if (index > 2) luaL_addchar(&message, ' ');
    luaL_addlstring(&message, text, length);
  }
  luaL_pushresult(&message);
  size_t length;
  const char *text = lua_tolstring(state, -1, &length);
  script->host.log(script->host.context, level, (cscript_word){text, (long)length});
  return 0;
}

static int redis_setresp(lua_State *state) {
  if (lua_gettop(state) != 1) {
    return refuse(state, "ERR redis.setresp() requires one argument.", false);
  }
  int protocol = (int)lua_tonumber(state, 1);
  if (protocol != 2 && protocol != 3) {
    return refuse(state, "ERR RESP version must be 2 or 3.", false);
  }
  script_of(state)->protocol = protocol;
  return 0;
}

static int redis_set_repl(lua_State *state) {
  if (lua_gettop(state) != 1) {
    return refuse(state, "ERR redis.set_repl() requires two arguments.", false);
  }
  int flags = (int)lua_tonumber(state, 1);
  if (flags & ~3) {
    return refuse(
        state, "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        false);
  }
  return 0;
}

static int redis_replicate_commands(lua_State *state) {
  lua_pushboolean(state, 1);
  return 1;
}

static int redis_acl_check_cmd(lua_State *state) {
  cscript *script = script_of(state);
  int count = lua_gettop(state);
  if (count == 0) {
    return refuse(
        state, "ERR Please specify at least one argument for this redis lib call", false);
  }
  if (!take_words(script, state, count)) {
    return refuse(state, "ERR Lua redis lib command arguments must be strings or integers", false);
  }
  int answer = script->host.may_call(script->host.context, script->words, count);
  if (answer < 0) {
    return refuse(state, "ERR Invalid command passed to redis.acl_check_cmd()", false);
  }
  lua_pushboolean(state, answer);
  return 1;
}

// MARK: The sandbox

static const luaL_Reg redis_functions[] = {
    {"pcall", redis_pcall},
    {"error_reply", redis_error_reply},
    {"status_reply", redis_status_reply},
    {"sha1hex", redis_sha1hex},
    {"log", redis_log},
    {"setresp", redis_setresp},
    {"set_repl", redis_set_repl},
    {"replicate_commands", redis_replicate_commands},
    {"acl_check_cmd", redis_acl_check_cmd},
    {"breakpoint", redis_breakpoint},
    {"debug", redis_debug},
    {NULL, NULL},
};

/// As `redis_functions`, for libraries that are being loaded.
static const luaL_Reg loading_functions[] = {
    {"log", redis_log},
    {"register_function", redis_register_function},
    {NULL, NULL},
};

static const struct {
  const char *name;
  int value;
} constants[] = {
    {"LOG_DEBUG", 0},  {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2},  {"LOG_WARNING", 3},
    {"REPL_NONE", 0},  {"REPL_AOF", 1},    {"REPL_SLAVE", 2},  {"REPL_REPLICA", 2},
    {"REPL_ALL", 3},
};

static void set_constants(cscript *script, lua_State *state) {
  for (size_t index = 0; index < sizeof constants / sizeof constants[0]; index++) {
    lua_pushinteger(state, constants[index].value);
    lua_setfield(state, -2, constants[index].name);
  }
  lua_pushstring(state, script->options.version);
  lua_setfield(state, -2, "REDIS_VERSION");
  lua_pushinteger(state, script->options.version_number);
  lua_setfield(state, -2, "REDIS_VERSION_NUM");
}

/// What remains of the standard library.
static const char *const kept_globals[] = {
    "xpcall", "tostring", "unpack", "setmetatable", "next", "assert", "tonumber", "rawequal",
    "collectgarbage", "getmetatable", "math", "pcall", "type", "bit", "select", "rawset", "gcinfo",
    "rawget", "table", "coroutine", "pairs", "ipairs", "error", "string", "_VERSION",
};
static const char *const library_names[] = {
    "string", "math", "table", "bit", "coroutine", "cjson", "cmsgpack", "struct", "os",
};

/// The clock is all that scripts get of `os`.
static void open_os(lua_State *state) {
  lua_getglobal(state, "os");
  lua_createtable(state, 0, 1);
  lua_getfield(state, -2, "clock");
  lua_setfield(state, -2, "clock");
  lua_remove(state, -2);
}

static void open_library(lua_State *state, lua_CFunction open, const char *name) {
  lua_pushcfunction(state, open);
  lua_pushstring(state, name);
  lua_call(state, 1, 0);
}

enum { collected_at_once = 8 << 20 };

/// Stops the collector and sets its pace, but tells nothing that could be changed for others.
static int collect_garbage(lua_State *state) {
  const char *option = luaL_optstring(state, 1, "collect");
  if (strcmp(option, "count") == 0) {
    lua_pushnumber(state, (double)script_of(state)->heap_bytes / 1024);
  } else {
    // Of a large heap a part: the rest with the next call, or by itself.
    if (strcmp(option, "collect") == 0 && script_of(state)->heap_bytes < collected_at_once) {
      lua_gc(state, LUA_GCCOLLECT, 0);
    } else if (strcmp(option, "collect") == 0) {
      lua_gc(state, LUA_GCSTEP, collected_at_once / 1024);
    }
    look_soon(script_of(state));
    lua_pushinteger(state, 0);
  }
  return 1;
}

void open_redis(cscript *script, lua_State *state) {
  open_library(state, luaopen_base, "");
  open_library(state, luaopen_table, LUA_TABLIBNAME);
  open_library(state, luaopen_string, LUA_STRLIBNAME);
  open_patterns(state);
  open_library(state, luaopen_math, LUA_MATHLIBNAME);
  open_library(state, luaopen_bit, LUA_BITLIBNAME);
  open_library(state, luaopen_os, LUA_OSLIBNAME);

  // A table of its own, so that nothing unexpected is left over.
  lua_newtable(state);
  int globals = lua_gettop(state);
  for (size_t index = 0; index < sizeof kept_globals / sizeof kept_globals[0]; index++) {
    lua_getglobal(state, kept_globals[index]);
    lua_setfield(state, globals, kept_globals[index]);
  }
  lua_pushvalue(state, globals);
  wrap(state, "setmetatable", call_if_changeable);
  wrap(state, "rawset", call_if_changeable);
  wrap(state, "pairs", call_behind);
  wrap(state, "next", call_behind);
  wrap(state, "rawget", call_behind);
  lua_getfield(state, -1, "table");
  wrap(state, "insert", call_if_changeable);
  lua_pop(state, 2);
  lua_getfield(state, globals, "string");
  wrap(state, "format", format_text);
  lua_pop(state, 1);
  lua_pushstring(state, "Lua 5.1");
  lua_setfield(state, globals, "_VERSION");
  lua_pushcfunction(state, load_text);
  lua_pushvalue(state, -1);
  lua_setfield(state, globals, "load");
  lua_setfield(state, globals, "loadstring");
  lua_pushcfunction(state, collect_garbage);
  lua_setfield(state, globals, "collectgarbage");
  if (script->options.has_deprecated_functions) open_deprecated(state, globals);
  open_os(state);
  lua_setfield(state, globals, "os");
  open_json(state);
  lua_setfield(state, globals, "cjson");
  open_msgpack(state);
  lua_setfield(state, globals, "cmsgpack");
  open_struct(state);
  lua_setfield(state, globals, "struct");
  lua_pushstring(state, "");
  lua_getmetatable(state, -1);
  lua_newtable(state);
  protect_table(state);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 2);

  lua_newtable(state);
  luaL_register(state, NULL, redis_functions);
  lua_pushcfunction(state, redis_call);
  lua_setfield(state, -2, "call");
  set_constants(script, state);
  lua_setfield(state, globals, "redis");
  lua_newtable(state);
  luaL_register(state, NULL, loading_functions);
  set_constants(script, state);
  int loading_table = lua_gettop(state);

  // The prelude replaces what would call scripts back from C, where they could not be suspended.
  if (luaL_loadbuffer(state, cscript_prelude, strlen(cscript_prelude), "=redis") != 0) abort();
  lua_pushvalue(state, globals);
  lua_pushboolean(state, script->options.calls_may_wait);
  lua_pushcfunction(state, tell_protected);
  if (lua_pcall(state, 3, 0, 0) != 0) {
    fprintf(stderr, "the prelude of scripts: %s\n", lua_tostring(state, -1));
    abort();
  }

  for (size_t index = 0; index < sizeof library_names / sizeof library_names[0]; index++) {
    lua_getfield(state, globals, library_names[index]);
    protect_table(state);
    lua_setfield(state, globals, library_names[index]);
  }
  lua_getfield(state, globals, "redis");
  protect_table(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, globals, "redis");
  lua_setfield(state, globals, "server");

  // Names that are not there are errors.
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, raise_missing_global);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, globals);

  // Libraries that are being loaded see `redis` only, and less of it.
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, raise_missing_global);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, loading_table);
  lua_newtable(state);
  lua_pushvalue(state, loading_table);
  protect_table(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, -3, "redis");
  lua_setfield(state, -2, "server");
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, raise_missing_global);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
  lua_pushvalue(state, -1);
  script->loading_reference = luaL_ref(state, LUA_REGISTRYINDEX);
  protect_table(state);
  script->library_reference = luaL_ref(state, LUA_REGISTRYINDEX);

  lua_pushvalue(state, globals);
  protect_table(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, globals, "_G");
  // For whatever is made without an environment of its own.
  lua_pushvalue(state, -1);
  lua_replace(state, LUA_GLOBALSINDEX);
  script->environment_reference = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_pushvalue(state, globals);
  script->globals_reference = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_pushstring(state, "KEYS");
  script->keys_name = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_pushstring(state, "ARGV");
  script->arguments_name = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_settop(state, 0);
}
