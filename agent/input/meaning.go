package input

import (
	"maps"
	"strconv"
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// keys is what the keys of a device mean. Keys that are not in it mean nothing.
type keys map[Code]keyseq.Key

// builtIn is what keys mean without a key map. The codes are those that the
// kernel's tables for remotes use (drivers/media/rc/keymaps), its table for
// HDMI-CEC (rc-cec.c), its translation of HID usages (drivers/hid/hid-input.c)
// and keyboards. Channels, colours, volume, power and the rest mean nothing
// here: they are the box's, or a key map gives them a meaning.
var builtIn = table(map[keyseq.Key][]Code{
	keyseq.Up:    {103},
	keyseq.Down:  {108},
	keyseq.Left:  {105},
	keyseq.Right: {106},
	// ENTER, KPENTER, OK, SELECT
	keyseq.OK: {28, 96, 0x160, 0x161},
	// ESC, BACKSPACE, BACK, EXIT
	keyseq.Back: {1, 14, 158, 174},
	// HOME, HOMEPAGE, ROOT_MENU, MEDIA_TOP_MENU
	keyseq.Home: {102, 172, 0x26a, 0x26b},
	// COMPOSE, MENU, SETUP, CONTEXT_MENU
	keyseq.Menu: {127, 139, 141, 0x1b6},
	// PAUSE, PLAYPAUSE, PLAYCD, PAUSECD, PLAY
	keyseq.PlayPause: {119, 164, 200, 201, 207},
	// of a keyboard, of its number block, of remotes (NUMERIC_0 …)
	keyseq.Digit0: {11, 82, 0x200},
	keyseq.Digit1: {2, 79, 0x201},
	keyseq.Digit2: {3, 80, 0x202},
	keyseq.Digit3: {4, 81, 0x203},
	keyseq.Digit4: {5, 75, 0x204},
	keyseq.Digit5: {6, 76, 0x205},
	keyseq.Digit6: {7, 77, 0x206},
	keyseq.Digit7: {8, 71, 0x207},
	keyseq.Digit8: {9, 72, 0x208},
	keyseq.Digit9: {10, 73, 0x209},
})

func table(codes map[keyseq.Key][]Code) keys {
	t := keys{}
	for k, all := range codes {
		for _, c := range all {
			t[c] = k
		}
	}
	return t
}

// Meaning returns what a key means where no key map says otherwise.
func Meaning(c Code) (keyseq.Key, bool) {
	k, ok := builtIn[c]
	return k, ok
}

// any reports whether one of the codes in s means something.
func (t keys) any(s down) bool {
	for c := range t {
		if s.has(c) {
			return true
		}
	}
	return false
}

// with returns t as changed by more; a zero key takes the meaning away.
func (t keys) with(more keys) keys {
	out := maps.Clone(t)
	for c, k := range more {
		if k == 0 {
			delete(out, c)
			continue
		}
		out[c] = k
	}
	return out
}

// codes are the names of the keys that remotes have, without KEY_, with their
// codes. Source: linux/input-event-codes.h. Others are written as numbers.
const codes = " ESC=1 1=2 2=3 3=4 4=5 5=6 6=7 7=8 8=9 9=10 0=11 MINUS=12 BACKSPACE=14 TAB=15 Q=16 W=17 E=18 R=19 T=20 Y=21" +
	" U=22 I=23 O=24 P=25 ENTER=28 A=30 S=31 D=32 F=33 G=34 H=35 J=36 K=37 L=38 Z=44 X=45 C=46 V=47 B=48 N=49 M=50" +
	" SPACE=57 F1=59 F2=60 F3=61 F4=62 F5=63 F6=64 F7=65 F8=66 F9=67 F10=68 F11=87 F12=88 KP7=71 KP8=72 KP9=73 KP4=75" +
	" KP5=76 KP6=77 KP1=79 KP2=80 KP3=81 KP0=82 KPENTER=96 HOME=102 UP=103 PAGEUP=104 LEFT=105 RIGHT=106 END=107" +
	" DOWN=108 PAGEDOWN=109 INSERT=110 DELETE=111 MUTE=113 VOLUMEDOWN=114 VOLUMEUP=115 POWER=116 PAUSE=119 LEFTMETA=125" +
	" RIGHTMETA=126 COMPOSE=127 STOP=128 HELP=138 MENU=139 SETUP=141 SLEEP=142 WAKEUP=143 PROG1=148 PROG2=149 WWW=150" +
	" MAIL=155 BOOKMARKS=156 BACK=158 FORWARD=159 EJECTCD=161 NEXTSONG=163 PLAYPAUSE=164 PREVIOUSSONG=165 STOPCD=166" +
	" RECORD=167 REWIND=168 CONFIG=171 HOMEPAGE=172 REFRESH=173 EXIT=174 PLAYCD=200 PAUSECD=201 PROG3=202 PROG4=203" +
	" PLAY=207 FASTFORWARD=208 PRINT=210 CAMERA=212 SOUND=213 SEARCH=217 CANCEL=223 MEDIA=226 UNKNOWN=240 OK=352 SELECT=353" +
	" GOTO=354 CLEAR=355 POWER2=356 OPTION=357 INFO=358 TIME=359 FAVORITES=364 EPG=365 PVR=366 LANGUAGE=368 TITLE=369" +
	" SUBTITLE=370 ANGLE=371 ZOOM=372 MODE=373 KEYBOARD=374 SCREEN=375 TV=377 TV2=378 RADIO=385 TUNER=386 TEXT=388 DVD=389" +
	" AUDIO=392 VIDEO=393 LIST=395 RED=398 GREEN=399 YELLOW=400 BLUE=401 CHANNELUP=402 CHANNELDOWN=403 LAST=405 NEXT=407" +
	" PREVIOUS=412 DIGITS=413 GAMES=417 CONTEXT_MENU=438 NUMERIC_0=512 NUMERIC_1=513 NUMERIC_2=514 NUMERIC_3=515" +
	" NUMERIC_4=516 NUMERIC_5=517 NUMERIC_6=518 NUMERIC_7=519 NUMERIC_8=520 NUMERIC_9=521 NUMERIC_STAR=522" +
	" NUMERIC_POUND=523 APPSELECT=580 VOICECOMMAND=582 ASSISTANT=583 RIGHT_UP=614 RIGHT_DOWN=615 LEFT_UP=616" +
	" LEFT_DOWN=617 ROOT_MENU=618 MEDIA_TOP_MENU=619 VOD=627 DATA=631 "

// parseCode reads "KEY_RED", "RED", "398" with KEY_ before a digit's name
// ("KEY_1" is 2, "1" is the number 1), or "0x18e".
func parseCode(s string) (Code, bool) {
	if n, err := strconv.ParseUint(s, 0, 16); err == nil {
		return Code(n), n > 0 && Code(n) <= maxCode
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "KEY_")
	if name == "" || strings.ContainsAny(name, " =") {
		return 0, false
	}
	_, rest, ok := strings.Cut(codes, " "+name+"=")
	if !ok {
		return 0, false
	}
	number, _, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(number, 10, 16)
	return Code(n), err == nil
}
