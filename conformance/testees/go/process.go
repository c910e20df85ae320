// What a process can do to itself, for the cases about forks and rights.

package main

// #include <signal.h>
// #include <unistd.h>
//
// // A child that holds copies of everything, does nothing, and ends by itself should nobody end it. It never comes back
// // to Go, whose other threads it has not; and Go's handler of the alarm, which would, is taken out.
// static pid_t idle_child(void) {
//   pid_t child = fork();
//   if (child == 0) {
//     signal(SIGALRM, SIG_DFL);
//     alarm(60);
//     for (;;) pause();
//   }
//   return child;
// }
import "C"

import "syscall"

func fork() (int, error) {
	child, err := C.idle_child()
	if child > 0 {
		err = nil
	}
	return int(child), err
}

// become gives up root's rights for those of another user.
func become(uid int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(uid); err != nil {
		return err
	}
	return syscall.Setuid(uid)
}
