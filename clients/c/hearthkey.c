/*
 * hearthkey.c: a client of the Hearthkey agent's socket. See hearthkey.h.
 *
 * C99 and POSIX. Everything that comes from the socket is bounded before it is looked at,
 * and JSON is walked without recursion. HK_INSIDE is defined where the agent runs in this process
 * (agent/cmd/libhearthkey): then hk_start gives the socket.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MSG_NOSIGNAL and SOCK_CLOEXEC, where there are such */
#endif
#include "hearthkey.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

enum { ANSWER_MS = 5000, REQUEST = 4096, DEPTH = 64, EVENTS = 3, SAID = 160 };

#ifdef HK_INSIDE
/* Starts an agent that serves the API on a socket: its number for hkStopInside, or an error and why. */
int hkStartInside(const char *settings, int fd, char *why, size_t size);
void hkStopInside(int agent);
#endif

static const char *const event_names[EVENTS] = {"view", "status", "grant"};

struct text {
	char *at;
	size_t length, room;
};

struct handle {
	int used; /* taken by hk_open */
	int fd;   /* -1: lost */
	pid_t owner;
	long last; /* id of the newest request */
	int inside; /* the agent in this process; 0: none */
	struct text in;             /* what was read and is not a whole message yet */
	struct text event[EVENTS];  /* the newest of each; length 0: none */
	struct text answer;         /* the answer that is waited for */
	char said[SAID];
};

static struct handle handles[HK_HANDLES];
static char open_said[SAID];

/* ---- JSON: spans of text that is walked, never changed ---- */

struct span {
	const char *at, *end;
};

static const char *blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* Behind the string that begins at p, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
	if (p >= end || *p != '"')
		return NULL;
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\' && ++p == end)
			return NULL;
	}
	return NULL;
}

/* Behind the value that begins at p, or NULL: brackets match, DEPTH deep at most. */
static const char *skip_value(const char *p, const char *end)
{
	char open[DEPTH];
	int depth = 0;
	do {
		p = blank(p, end);
		if (p == end)
			return NULL;
		if (*p == '"') {
			if (!(p = skip_string(p, end)))
				return NULL;
		} else if (*p == '{' || *p == '[') {
			if (depth == DEPTH)
				return NULL;
			open[depth++] = *p++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0 || open[--depth] != (*p == '}' ? '{' : '['))
				return NULL;
			p++;
		} else if (*p == ',' || *p == ':') {
			if (depth == 0)
				return NULL;
			p++;
		} else {
			const char *from = p;
			while (p < end && !strchr(" \t\r\n\"{}[],:", *p) && *p != 0)
				p++;
			if (p == from)
				return NULL;
		}
	} while (depth > 0);
	return p;
}

/* The member of an object: 1, or 0 where there is none, or -1 where the object is none. */
static int member(struct span object, const char *key, struct span *out)
{
	size_t length = strlen(key);
	const char *p = blank(object.at, object.end), *name;
	if (p == object.end || *p++ != '{')
		return -1;
	for (p = blank(p, object.end); p < object.end && *p != '}'; p = blank(p, object.end)) {
		name = p;
		if (!(p = skip_string(p, object.end)))
			return -1;
		int same = (size_t)(p - name) == length + 2 && memcmp(name + 1, key, length) == 0;
		p = blank(p, object.end);
		if (p == object.end || *p++ != ':')
			return -1;
		out->at = blank(p, object.end);
		if (!(p = skip_value(p, object.end)))
			return -1;
		out->end = p;
		if (same)
			return 1;
		p = blank(p, object.end);
		if (p < object.end && *p == ',')
			p++;
	}
	return p < object.end ? 0 : -1;
}

static int hex(const char *p, unsigned *out)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		v = v << 4;
		if (c >= '0' && c <= '9')
			v |= (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v |= (unsigned)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v |= (unsigned)(c - 'A' + 10);
		else
			return 0;
	}
	*out = v;
	return 1;
}

static size_t utf8(unsigned v, char *out)
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 | v >> 6);
		out[1] = (char)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 | v >> 12);
		out[1] = (char)(0x80 | (v >> 6 & 0x3f));
		out[2] = (char)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | v >> 18);
	out[1] = (char)(0x80 | (v >> 12 & 0x3f));
	out[2] = (char)(0x80 | (v >> 6 & 0x3f));
	out[3] = (char)(0x80 | (v & 0x3f));
	return 4;
}

/* Reads \uXXXX behind its u, and the second half of a pair; moves p to the last byte that was used. */
static unsigned escaped(const char **p, const char *end)
{
	unsigned v, low;
	if (end - *p < 5 || !hex(*p + 1, &v))
		return 0xfffd;
	*p += 4;
	if (v >= 0xd800 && v < 0xdc00 && end - *p > 6 && (*p)[1] == '\\' && (*p)[2] == 'u' && hex(*p + 3, &low) && low >= 0xdc00 && low < 0xe000) {
		*p += 6;
		return 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	return v == 0 || (v >= 0xd800 && v < 0xe000) ? 0xfffd : v;
}

/* Writes a string with its 0: 1, 0 where it is cut since out is too small, -1 where it is no string. */
static int copy_string(struct span s, char *out, size_t size)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t n = 0, length;
	char one[4];
	out[0] = 0;
	if (s.at >= s.end || *s.at != '"')
		return -1;
	for (const char *p = s.at + 1; p < s.end && *p != '"'; p++) {
		one[0] = *p;
		length = 1;
		if (*p == '\\' && ++p < s.end) {
			const char *e = *p ? strchr(from, *p) : NULL;
			if (*p == 'u')
				length = utf8(escaped(&p, s.end), one);
			else
				one[0] = e ? to[e - from] : '?';
		}
		if (n + length >= size) {
			if (((unsigned char)one[0] & 0xc0) == 0x80) { /* whole characters only */
				while (n > 0 && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
					n--;
				n -= n > 0;
			}
			out[n] = 0;
			return 0;
		}
		memcpy(out + n, one, length);
		n += length;
	}
	out[n] = 0;
	return 1;
}

static long number(struct span s)
{
	long v = 0;
	int minus = s.at < s.end && *s.at == '-';
	for (const char *p = s.at + minus; p < s.end && *p >= '0' && *p <= '9'; p++) {
		if (v > 100000000L) /* nothing of the API is longer, and a long may have 32 bits */
			break;
		v = v * 10 + (*p - '0');
	}
	return minus ? -v : v;
}

static int string_of(struct span object, const char *key, char *out, size_t size)
{
	struct span s;
	out[0] = 0;
	return member(object, key, &s) == 1 ? copy_string(s, out, size) : 1;
}

static long number_of(struct span object, const char *key)
{
	struct span s;
	return member(object, key, &s) == 1 ? number(s) : 0;
}

static int true_of(struct span object, const char *key)
{
	struct span s;
	return member(object, key, &s) == 1 && s.end - s.at == 4 && memcmp(s.at, "true", 4) == 0;
}

/* ---- text that grows ---- */

static int reserve(struct text *t, size_t room)
{
	char *at;
	if (room <= t->room)
		return 1;
	if (room > HK_MESSAGE)
		return 0;
	room = room < 4096 ? 4096 : room * 2 > HK_MESSAGE ? HK_MESSAGE : room * 2;
	if (!(at = realloc(t->at, room)))
		return 0;
	t->at = at;
	t->room = room;
	return 1;
}

static int set(struct text *t, const char *at, size_t length)
{
	if (!reserve(t, length + 1))
		return 0;
	memcpy(t->at, at, length);
	t->at[length] = 0;
	t->length = length;
	return 1;
}

static void drop(struct text *t)
{
	free(t->at);
	memset(t, 0, sizeof *t);
}

/* ---- requests ---- */

struct request {
	char at[REQUEST];
	size_t length;
	int full;
};

static void put(struct request *r, const char *s, size_t length)
{
	if (length >= sizeof r->at - r->length) {
		r->full = 1;
		return;
	}
	memcpy(r->at + r->length, s, length);
	r->length += length;
}

static void puts_(struct request *r, const char *s) { put(r, s, strlen(s)); }

static void put_string(struct request *r, const char *key, const char *s)
{
	char code[8];
	puts_(r, r->length && r->at[r->length - 1] == '{' ? "\"" : ",\"");
	puts_(r, key);
	puts_(r, "\":\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\') {
			put(r, "\\", 1);
			put(r, s, 1);
		} else if ((unsigned char)*s < 0x20) {
			snprintf(code, sizeof code, "\\u%04x", (unsigned)(unsigned char)*s);
			puts_(r, code);
		} else {
			put(r, s, 1);
		}
	}
	puts_(r, "\"");
}

static void put_number(struct request *r, const char *key, long v)
{
	char digits[32];
	snprintf(digits, sizeof digits, ",\"%s\":%ld", key, v);
	puts_(r, digits + (r->at[r->length - 1] == '{'));
}

/* ---- the connection ---- */

static int fail(struct handle *h, int code, const char *why)
{
	if (why)
		snprintf(h->said, sizeof h->said, "%s", why);
	return code;
}

/* The connection is of no use any more. */
static int lose(struct handle *h, int code, const char *why)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	return fail(h, code, why);
}

static struct handle *find(int tv, int *code)
{
	struct handle *h;
	*code = HK_EARG;
	if (tv < 1 || tv > HK_HANDLES || handles[tv - 1].used != 2)
		return NULL;
	h = &handles[tv - 1];
	*code = HK_EFORK;
	if (h->owner != getpid())
		return NULL;
	*code = HK_EGONE;
	return h->fd < 0 ? NULL : h;
}

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)(t.tv_sec % 1000000) * 1000 + t.tv_nsec / 1000000;
}

/* Waits until the descriptor can be read or written: 1, or an error. */
static int await(struct handle *h, short what, long begun)
{
	struct pollfd p;
	for (;;) {
		long left = ANSWER_MS - (now_ms() - begun);
		if (left <= 0 || left > ANSWER_MS)
			return lose(h, HK_ETIME, "the agent does not answer");
		p.fd = h->fd;
		p.events = what;
		p.revents = 0;
		int n = poll(&p, 1, (int)left);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return lose(h, HK_EGONE, "poll");
	}
}

static int send_all(struct handle *h, const char *at, size_t length, long begun)
{
	while (length > 0) {
		ssize_t n = send(h->fd, at, length, MSG_NOSIGNAL);
		if (n > 0) {
			at += n;
			length -= (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			int code = await(h, POLLOUT, begun);
			if (code < 0)
				return code;
		} else {
			return lose(h, HK_EGONE, "the agent has ended");
		}
	}
	return HK_OK;
}

/* Takes one message: an event is kept in place of an older one, an answer is set aside. */
static int take(struct handle *h, struct span m)
{
	struct span s, params;
	if (member(m, "method", &s) == 1) {
		char name[16];
		copy_string(s, name, sizeof name);
		if (member(m, "params", &params) != 1)
			return 0;
		for (int i = 0; i < EVENTS; i++)
			if (strcmp(name, event_names[i]) == 0)
				return set(&h->event[i], params.at, (size_t)(params.end - params.at));
		return 1; /* an event of a newer agent */
	}
	if (member(m, "id", &s) != 1)
		return 0;
	/* Without an id is what could not be read, and no more than one request is on its way. */
	if (*s.at != 'n' && number(s) != h->last)
		return 1;
	return set(&h->answer, m.at, (size_t)(m.end - m.at));
}

/* Takes the whole messages of what was read. */
static int take_all(struct handle *h)
{
	size_t from = 0;
	char *nl;
	while (h->in.length > from && (nl = memchr(h->in.at + from, '\n', h->in.length - from))) {
		struct span m = {h->in.at + from, nl};
		if (!take(h, m))
			return lose(h, HK_EPROTO, "what came is not the agent's API");
		from = (size_t)(nl - h->in.at) + 1;
	}
	h->in.length -= from;
	memmove(h->in.at, h->in.at + from, h->in.length);
	return HK_OK;
}

/* Reads what there is, without waiting: 1 where there was something, 0, or an error. */
static int take_in(struct handle *h)
{
	ssize_t n;
	int code;
	if (!reserve(&h->in, h->in.length + 1024))
		return lose(h, HK_EPROTO, "a message is too long");
	do
		n = recv(h->fd, h->in.at + h->in.length, h->in.room - h->in.length, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return lose(h, HK_EGONE, "the agent has ended");
	h->in.length += (size_t)n;
	code = take_all(h);
	return code < 0 ? code : 1;
}

static int code_of(long code)
{
	switch (code) {
	case -32601:
	case 5:
		return HK_ENOTHERE;
	case -32602:
	case -32600: /* the requests that are made here are right but for their arguments */
	case -32700:
		return HK_EARG;
	case 2:
		return HK_EGONE;
	case 3:
		return HK_ETOOFAST;
	case 4:
		return HK_EREFUSED;
	}
	return HK_EPROTO;
}

/* Sends a request, whose method and params are in r, and waits for its result. */
static int ask(struct handle *h, struct request *r, struct span *result)
{
	struct span m, s;
	long begun = now_ms();
	int code;
	puts_(r, "}\n");
	if (r->full)
		return fail(h, HK_EARG, "an argument is too long");
	h->answer.length = 0;
	h->said[0] = 0;
	if ((code = send_all(h, r->at, r->length, begun)) < 0)
		return code;
	while (h->answer.length == 0) {
		if ((code = await(h, POLLIN, begun)) < 0 || (code = take_in(h)) < 0)
			return code;
	}
	m.at = h->answer.at;
	m.end = h->answer.at + h->answer.length;
	if (member(m, "error", &s) == 1) {
		string_of(s, "message", h->said, sizeof h->said);
		return code_of(number_of(s, "code"));
	}
	if (member(m, "result", result) != 1)
		return lose(h, HK_EPROTO, "an answer without a result");
	return HK_OK;
}

/* Begins a request. Ids are small and begin again, since a number of the API has nine digits. */
static struct handle *begin(int tv, struct request *r, const char *method, int *code)
{
	struct handle *h = find(tv, code);
	char id[40];
	if (!h)
		return NULL;
	h->last = h->last % 90000000 + 1;
	r->length = 0;
	r->full = 0;
	snprintf(id, sizeof id, "{\"jsonrpc\":\"2.0\",\"id\":%ld", h->last);
	puts_(r, id);
	put_string(r, "method", method);
	return h;
}

static int simple(int tv, const char *method)
{
	struct request r;
	struct span result;
	int code;
	struct handle *h = begin(tv, &r, method, &code);
	return h ? ask(h, &r, &result) : code;
}

/* ---- opening ---- */

/* The value of a key in the settings: 1, 0 where it is not there, -1 where it is too long. */
static int setting(const char *settings, const char *key, char *out, size_t size)
{
	size_t length = strlen(key);
	for (const char *p = settings; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (strncmp(p, key, length) != 0 || p[length] != '=')
			continue;
		p += length + 1;
		size_t n = strcspn(p, "\n");
		if (n >= size)
			return -1;
		memcpy(out, p, n);
		out[n] = 0;
		return 1;
	}
	return 0;
}

static int known_settings(const char *settings)
{
	static const char *const known[] = {"socket=", "server=", "data=", "name=", "model=", "kind=", "language=", "ca=", "screen="};
	for (const char *p = settings; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		int found = *p == '\n';
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			found |= strncmp(p, known[i], strlen(known[i])) == 0;
		if (!found)
			return 0;
	}
	return 1;
}

static void closed_by_exec(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

#ifdef HK_INSIDE
static int join(struct handle *h, const char *settings)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fail(h, HK_EMEMORY, "no descriptor is left");
	h->inside = hkStartInside(settings, pair[1], h->said, sizeof h->said); /* which owns pair[1] then */
	if (h->inside <= 0) {
		close(pair[0]);
		return HK_ESTART;
	}
	h->fd = pair[0];
	return HK_OK;
}
#else
static int join(struct handle *h, const char *settings)
{
	struct sockaddr_un to;
	memset(&to, 0, sizeof to);
	to.sun_family = AF_UNIX;
	if (setting(settings, "socket", to.sun_path, sizeof to.sun_path) != 1 || !to.sun_path[0])
		return fail(h, HK_EARG, "socket= is missing, or longer than a path may be");
#ifdef SOCK_CLOEXEC
	h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
	h->fd = socket(AF_UNIX, SOCK_STREAM, 0);
#endif
	if (h->fd < 0)
		return fail(h, HK_EMEMORY, "no descriptor is left");
	while (connect(h->fd, (struct sockaddr *)&to, sizeof to) != 0)
		if (errno != EINTR)
			return lose(h, HK_EGONE, "no agent there, or it may not be asked");
	return HK_OK;
}
#endif

/* A free handle's number, or 0. */
static int claim(void)
{
	for (int i = 0; i < HK_HANDLES; i++) {
#ifdef __GNUC__
		if (__sync_bool_compare_and_swap(&handles[i].used, 0, 1))
			return i + 1;
#else
		if (!handles[i].used && (handles[i].used = 1))
			return i + 1;
#endif
	}
	return 0;
}

static int greet(int tv)
{
	struct request r;
	struct span result;
	int code;
	struct handle *h = begin(tv, &r, "hello", &code);
	if (!h)
		return code;
	puts_(&r, ",\"params\":{");
	put_string(&r, "client", "hearthkey.c");
	puts_(&r, "}");
	if ((code = ask(h, &r, &result)) < 0)
		return code;
	if (number_of(result, "api") < HK_API)
		return fail(h, HK_EPROTO, "the agent's API is older than this client");
	return HK_OK;
}

int hk_open(const char *settings)
{
	struct handle *h;
	int tv, code;
	open_said[0] = 0;
	if (!settings || !known_settings(settings)) {
		snprintf(open_said, sizeof open_said, "settings are lines of key=value, and one key is not known");
		return HK_EARG;
	}
	if (!(tv = claim()))
		return HK_EMEMORY;
	h = &handles[tv - 1];
	h->fd = -1;
	h->owner = getpid();
	code = join(h, settings);
	if (code == HK_OK) {
		closed_by_exec(h->fd);
		h->used = 2;
		code = greet(tv);
	}
	if (code == HK_OK)
		return tv;
	memcpy(open_said, h->said, sizeof open_said);
	h->used = 2;
	hk_close(tv);
	return code;
}

int hk_close(int tv)
{
	int code;
	struct handle *h = find(tv, &code);
	if (!h && code != HK_EGONE)
		return code;
	h = &handles[tv - 1];
	if (h->fd >= 0)
		close(h->fd);
#ifdef HK_INSIDE
	if (h->inside > 0)
		hkStopInside(h->inside);
#endif
	drop(&h->in);
	drop(&h->answer);
	for (int i = 0; i < EVENTS; i++)
		drop(&h->event[i]);
	memset(h->said, 0, sizeof h->said);
	h->last = 0;
	h->inside = 0;
	h->fd = -1;
#ifdef __GNUC__
	__sync_synchronize();
#endif
	h->used = 0;
	return HK_OK;
}

/* ---- events ---- */

int hk_fd(int tv)
{
	int code;
	struct handle *h = find(tv, &code);
	return h ? h->fd : code;
}

int hk_subscribe(int tv, int events)
{
	struct request r;
	struct span result;
	int code, first = 1;
	struct handle *h = begin(tv, &r, "subscribe", &code);
	if (!h)
		return code;
	if (events & ~(HK_VIEW | HK_STATUS | HK_GRANT))
		return HK_EARG;
	puts_(&r, ",\"params\":{\"events\":[");
	for (int i = 0; i < EVENTS; i++) {
		if (!(events & 1 << i))
			continue;
		puts_(&r, first ? "\"" : ",\"");
		puts_(&r, event_names[i]);
		puts_(&r, "\"");
		first = 0;
	}
	puts_(&r, "]}");
	return ask(h, &r, &result);
}

int hk_poll(int tv, hk_event on_event, void *host)
{
	int code, n = 0, reads = 64; /* whoever floods is read on at the next poll */
	struct handle *h = find(tv, &code);
	if (!h)
		return code;
	while (reads-- > 0 && (code = take_in(h)) > 0) {
	}
	for (int i = 0; i < EVENTS; i++) { /* what came before the end is told still */
		struct text t = h->event[i];
		if (!t.length)
			continue;
		memset(&h->event[i], 0, sizeof h->event[i]); /* on_event may use the handle */
		n++;
		if (on_event)
			on_event(host, 1 << i, t.at, t.length);
		free(t.at);
	}
	return code < 0 && n == 0 ? code : n;
}

/* ---- calls ---- */

int hk_press(int tv, const char *key, int held)
{
	struct request r;
	struct span result;
	int code;
	struct handle *h = begin(tv, &r, "press", &code);
	if (!h || !key)
		return h ? HK_EARG : code;
	puts_(&r, ",\"params\":{");
	put_string(&r, "key", key);
	puts_(&r, held ? ",\"repeat\":true}" : "}");
	return ask(h, &r, &result);
}

/* A call with up to two strings. */
static int with(int tv, const char *method, const char *key, const char *value, const char *key2, const char *value2, struct span *result)
{
	struct request r;
	int code;
	struct handle *h = begin(tv, &r, method, &code);
	if (!h || !value)
		return h ? HK_EARG : code;
	puts_(&r, ",\"params\":{");
	put_string(&r, key, value);
	if (value2)
		put_string(&r, key2, value2);
	puts_(&r, "}");
	return ask(h, &r, result);
}

int hk_text(int tv, const char *utf8_text)
{
	struct span result;
	return with(tv, "text", "text", utf8_text, NULL, NULL, &result);
}

int hk_launch(int tv, const char *title, const char *path)
{
	struct span result;
	return with(tv, "launch", "title", title, "path", path, &result);
}

int hk_resume(int tv) { return simple(tv, "resume"); }
int hk_sign_out(int tv) { return simple(tv, "sign_out"); }
int hk_stop(int tv) { return simple(tv, "stop"); }

/* Gives a struct as far as the caller knows it. */
static int give(void *out, size_t size, const void *whole, size_t room)
{
	if (!out || size == 0)
		return HK_EARG;
	memset(out, 0, size);
	memcpy(out, whole, size < room ? size : room);
	return HK_OK;
}

int hk_decide(int tv, const char *title, const char *path, struct hk_decision *out, size_t size)
{
	struct hk_decision d;
	struct span result;
	char verdict[16];
	int code = with(tv, "decide", "title", title, "path", path, &result);
	if (code < 0)
		return code;
	memset(&d, 0, sizeof d);
	string_of(result, "verdict", verdict, sizeof verdict);
	d.verdict = strcmp(verdict, "allow") == 0 ? HK_ALLOW : strcmp(verdict, "needs_pin") == 0 ? HK_NEEDS_PIN : HK_REFUSE;
	string_of(result, "pin", d.pin, sizeof d.pin);
	string_of(result, "reason", d.reason, sizeof d.reason);
	d.age = (int)number_of(result, "age");
	return give(out, size, &d, sizeof d);
}

int hk_report(int tv, const char *title, const char *what, long position, long length)
{
	struct request r;
	struct span result;
	int code;
	struct handle *h = begin(tv, &r, "report", &code);
	if (!h || !title || !what)
		return h ? HK_EARG : code;
	puts_(&r, ",\"params\":{");
	put_string(&r, "title", title);
	put_string(&r, "what", what);
	put_number(&r, "position", position);
	put_number(&r, "length", length);
	puts_(&r, "}");
	return ask(h, &r, &result);
}

/* Asks and returns the handle with the result, or NULL and why. */
static int get(int tv, const char *method, struct span *result)
{
	struct request r;
	int code;
	struct handle *h = begin(tv, &r, method, &code);
	return h ? ask(h, &r, result) : code;
}

int hk_get_status(int tv, struct hk_status *out, size_t size)
{
	struct hk_status s;
	struct span result, profile;
	int code = get(tv, "status", &result);
	if (code < 0)
		return code;
	memset(&s, 0, sizeof s);
	string_of(result, "phase", s.phase, sizeof s.phase);
	s.online = true_of(result, "online");
	s.lease_left = number_of(result, "lease_left");
	string_of(result, "agent", s.agent, sizeof s.agent);
	string_of(result, "name", s.name, sizeof s.name);
	string_of(result, "device", s.device, sizeof s.device);
	if (member(result, "profile", &profile) == 1 && *profile.at == '{') {
		string_of(profile, "id", s.profile, sizeof s.profile);
		string_of(profile, "name", s.profile_name, sizeof s.profile_name);
		string_of(profile, "language", s.language, sizeof s.language);
		s.kids = true_of(profile, "kids");
		s.level = (int)number_of(profile, "level");
	}
	return give(out, size, &s, sizeof s);
}

int hk_get_grant(int tv, struct hk_grant *out, size_t size)
{
	struct hk_grant g;
	struct span result;
	int code = get(tv, "grant", &result);
	if (code < 0)
		return code;
	memset(&g, 0, sizeof g);
	g.play = number_of(result, "play");
	g.left = number_of(result, "left");
	string_of(result, "title", g.title, sizeof g.title);
	string_of(result, "profile", g.profile, sizeof g.profile);
	string_of(result, "refusal", g.refusal, sizeof g.refusal);
	if (string_of(result, "token", g.token, sizeof g.token) != 1)
		return HK_ESPACE;
	return give(out, size, &g, sizeof g);
}

static int json_out(struct span result, char *json, size_t size)
{
	size_t length = (size_t)(result.end - result.at);
	if (!json || length >= size)
		return HK_ESPACE;
	memcpy(json, result.at, length);
	json[length] = 0;
	return (int)length;
}

int hk_get_view(int tv, char *json, size_t size)
{
	struct span result;
	int code = get(tv, "view", &result);
	return code < 0 ? code : json_out(result, json, size);
}

int hk_call(int tv, const char *method, const char *params, char *result, size_t size)
{
	struct request r;
	struct span s;
	int code;
	struct handle *h = begin(tv, &r, method ? method : "", &code);
	if (!h)
		return code;
	if (params && strchr(params, '\n'))
		return fail(h, HK_EARG, "params must be one line");
	puts_(&r, ",\"params\":");
	puts_(&r, params ? params : "{}");
	code = ask(h, &r, &s);
	return code < 0 ? code : json_out(s, result, size);
}

const char *hk_message(int tv)
{
	return tv < 1 || tv > HK_HANDLES ? open_said : handles[tv - 1].said;
}

const char *hk_error(int code)
{
	static const char *const words[] = {
		"done", "the agent is not there", "the agent does not answer", "an argument is wrong", "not as things are",
		"too fast", "no memory", "the buffer is too small", "this is a forked child", "not the agent's API",
		"not offered by this agent", "the agent cannot start",
	};
	return code > 0 ? words[0] : -code < (int)(sizeof words / sizeof *words) ? words[-code] : "not a code";
}
