// Package e2e holds the end-to-end tests: real servers, agents and browsers in
// processes of their own, over real sockets and on real disks. It has no code of
// its own.
//
//   - TestScripts runs testdata/*.txtar: what the programs say and do when
//     something is wrong, and when it is right again.
//   - TestTourOnARM goes through the smoke tour with the ARM builds of the agent
//     under an emulator.
//   - TestKills and TestKilledPINChecks pull plugs at random moments. They print
//     their seed; -seed replays it, -kills asks for more.
//   - TestSignOutKills pulls plugs at each step of each kind of sign-out, which it
//     finds on the wire between TV and server and in the TV's vault;
//     -signout-kills asks for more. TestO3_KilledSweep kills the server while it
//     signs everyone out.
//   - TestBrowser drives pages and screens in Chromium, by keyboard and mouse;
//     TestManyTVs the devices page of forty TVs.
//   - TestScreenshots draws them, with -screenshots FOLDER.
//
// Nothing sleeps: everything is polled for with a deadline, and a deadline is
// generous, since the machine may be busy with other things. What a machine
// cannot give (a file system of one's own needs root) is named in the output.
package e2e
