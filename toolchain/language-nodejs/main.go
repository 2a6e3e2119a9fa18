// Command pulumi-language-nodejs is the fallback for Pulumi's own Node.js language host on a machine that reaches only
// package registries, where that host is not served. It does what this repository needs: run a program, run a policy
// pack. Everything else (installing, templates, code generation) is left to the official host.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// engineCheckInterval is how often the host looks whether its engine is still there.
const engineCheckInterval = 10 * time.Second

func main() {
	// The engine passes flags that concern other hosts; only its address, the last argument, matters here.
	flag.String("tracing", "", "accepted and ignored")
	flag.Parse()
	if flag.NArg() == 0 {
		fail("this program is started by pulumi, with the address of its engine")
	}
	engine := flag.Arg(flag.NArg() - 1)

	asked, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A lost engine ends the host, but only after the program: a hook that is half-way through its work finishes it, as
	// it does under the official host.
	serving, leave := context.WithCancel(asked)
	if err := rpcutil.Healthcheck(serving, engine, engineCheckInterval, leave); err != nil {
		fail("cannot watch the engine: " + err.Error())
	}

	closing := make(chan bool)
	go func() {
		<-serving.Done()
		close(closing)
	}()
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: closing,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, newHost(asked, engine))
			return nil
		},
	})
	if err != nil {
		fail("cannot serve: " + err.Error())
	}

	// The engine reads the port from the first line of standard output.
	fmt.Println(handle.Port)
	if err := <-handle.Done; err != nil {
		fail(err.Error())
	}
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, "pulumi-language-nodejs: "+reason)
	os.Exit(1)
}
