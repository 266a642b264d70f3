#pragma once
// The system's LuaJIT: the language Lua 5.1. Only the target CScript uses it.
#include <luajit.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
