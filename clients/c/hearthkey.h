/*
 * hearthkey.h: the agent of Hearthkey, for C and C++.
 *
 * One header, two implementations:
 *
 *   hearthkey.c        speaks to an agent that runs as a process of its own, over its Unix
 *                      socket. The default: plain C99 and POSIX, any libc, no threads. A fault
 *                      in the agent cannot touch the host. Compile it into your program.
 *   libhearthkey       the agent itself inside the host's process, glibc only:
 *                      link with -lhearthkey (.a or .so). For where a second process is not wanted.
 *
 * Use:
 *
 *   int tv = hk_open("socket=/run/hearthkey/api");
 *   hk_subscribe(tv, HK_VIEW | HK_STATUS);
 *   for (;;) {
 *       hk_poll(tv, on_event, host);       // calls on_event for what is new; always before waiting
 *       poll hk_fd(tv) for reading, beside the host's own descriptors;
 *       hk_press(tv, "OK", 0);             // when the remote says so
 *   }
 *   hk_close(tv);
 *
 * Handles. hk_open returns a number above 0; at most HK_HANDLES are open at once. Every other
 * function takes it, and returns HK_OK or one of the errors below. A number that is no
 * handle is HK_EARG, never a crash.
 *
 * Threads. No function starts a thread of its own or calls back from another: on_event is
 * called only inside hk_poll, by the thread that called that. One handle may be used by
 * one thread at a time; two handles may be used by two threads. (libhearthkey runs the agent on threads of
 * its own, which never enter the host's code.)
 *
 * Waiting. hk_poll never waits. What asks the agent for something waits for its answer,
 * 5 s at most (HK_ETIME, and the handle is closed); it takes well below a millisecond while the agent is well. A
 * signal does not end a wait.
 *
 * Signals. No handler is installed and none is needed: SIGPIPE is not raised. (Go's runtime, in
 * libhearthkey, installs its own, on an alternate stack, and passes on to handlers that were there before hk_open
 * what is not its own. Handlers that the host installs later must have SA_ONSTACK.)
 *
 * Fork. Descriptors are closed by exec. In a child that was forked without exec every
 * function returns HK_EFORK and touches nothing; the parent's handle goes on.
 *
 * Memory. What a function writes goes into buffers of the caller, whose sizes it is told.
 * The JSON that on_event is given is valid until it returns. A handle keeps at most one
 * message of each event and what it is reading, HK_MESSAGE bytes each at most.
 *
 * Versions. HK_API is the number of the agent's API: within it nothing is taken away. Structs
 * may grow at their end: the size that is passed says which one the caller knows.
 *
 * docs/integrators.md has the fields of the events, and more about each call.
 */
#ifndef HEARTHKEY_H
#define HEARTHKEY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HK_API 1
#define HK_HANDLES 8
#define HK_MESSAGE (512 * 1024)

/* What functions return. */
enum {
	HK_OK = 0,
	HK_EGONE = -1,     /* no agent there, or it has ended: hk_close, and hk_open again later */
	HK_ETIME = -2,     /* no answer within 5 s */
	HK_EARG = -3,      /* an argument is wrong: see hk_message */
	HK_EREFUSED = -4,  /* not as things are: the title may not play, the TV is not signed in */
	HK_ETOOFAST = -5,  /* more than 100 calls a second: not carried out */
	HK_EMEMORY = -6,   /* no memory, or no handle left */
	HK_ESPACE = -7,    /* the caller's buffer is too small */
	HK_EFORK = -8,     /* in a forked child */
	HK_EPROTO = -9,    /* what came is not the agent's API */
	HK_ENOTHERE = -10, /* this agent does not offer that */
	HK_ESTART = -11    /* libhearthkey: the agent cannot start; hk_message says why */
};

/* Events, for hk_subscribe and on_event. */
enum { HK_VIEW = 1, HK_STATUS = 2, HK_GRANT = 4 };

/* What hk_decide decides. */
enum { HK_ALLOW = 1, HK_NEEDS_PIN = 2, HK_REFUSE = 3 };

struct hk_status {
	char phase[24];     /* starting, signed_out, enrolling, active, lease_ended, stolen, deactivated, update_needed, stopped */
	int online;         /* in contact with the server */
	long lease_left;    /* seconds until the lease ends */
	char profile[72];   /* id of who is watching; "" for nobody */
	char profile_name[256];
	int kids;           /* it is a kids profile */
	int level;          /* the oldest age that it may watch */
	char language[40];  /* BCP 47 */
	char agent[72];     /* the agent's version */
	char name[264];     /* of this TV */
	char device[72];    /* this TV's id while it is signed in; else "" */
};

struct hk_decision {
	int verdict;     /* HK_ALLOW, HK_NEEDS_PIN or HK_REFUSE */
	char pin[16];    /* with HK_NEEDS_PIN: profile or parental */
	char reason[32]; /* with HK_REFUSE: unknown_path, no_access, no_profile, unknown_title, blocked, above_level */
	int age;         /* that the title counted as */
};

struct hk_grant {
	long play;         /* names the play since the agent's start; 0: nothing plays */
	char title[72];
	char profile[72];
	char token[4096];  /* a secret for its five minutes: never to be stored or logged; "" while there is none */
	long left;         /* seconds that it is valid for */
	char refusal[32];  /* the title is to stop */
};

/* Called by hk_poll: one of HK_VIEW, HK_STATUS, HK_GRANT, and its newest value as JSON, which ends with a 0. */
typedef void (*hk_event)(void *host, int event, const char *json, size_t length);

/*
 * settings are lines of key=value. hearthkey.c takes "socket"; libhearthkey takes server,
 * data, name, model, kind, language, ca (a PEM file) and screen, as the flags of hearthkey-agent.
 * Each leaves the keys of the other alone, and refuses what neither knows.
 */
int hk_open(const char *settings);
int hk_close(int tv);

/*
 * hk_fd is what to wait for: it can be read when something came. An event that came with the
 * answer to a call was read with that: call hk_poll before each wait, not only when the descriptor says so.
 */
int hk_fd(int tv);
int hk_subscribe(int tv, int events);
int hk_poll(int tv, hk_event on_event, void *host); /* how many events there were, or an error */

int hk_press(int tv, const char *key, int held); /* Up Down Left Right OK Back Home Menu PlayPause 0…9 */
int hk_text(int tv, const char *utf8);           /* 1 to 256 bytes */
int hk_launch(int tv, const char *title, const char *path); /* deep_link or remote; NULL: deep_link */
int hk_resume(int tv);                           /* standby is over */

int hk_get_view(int tv, char *json, size_t size); /* bytes of it without the 0, or an error */
int hk_get_status(int tv, struct hk_status *out, size_t size);
int hk_get_grant(int tv, struct hk_grant *out, size_t size);
int hk_decide(int tv, const char *title, const char *path, struct hk_decision *out, size_t size); /* path NULL: open */
int hk_report(int tv, const char *title, const char *what, long position, long length); /* started, progress, stopped; seconds */

int hk_sign_out(int tv);
int hk_stop(int tv); /* ends the agent */

/* Any call of the API: params is a JSON object or NULL. Bytes of the result without the 0, or an error. */
int hk_call(int tv, const char *method, const char *params, char *result, size_t size);

const char *hk_message(int tv); /* what the agent said to the last error of a handle, or of hk_open with tv 0; for whoever writes the host */
const char *hk_error(int code); /* what a code means */

#ifdef __cplusplus
}
#endif
#endif
