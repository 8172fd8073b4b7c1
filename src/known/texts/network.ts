import type { KnownText } from '../text.ts';

const ERRNO = 'errno(3), as the C library words it';

/** Names, connections and time limits, whichever program meets them. */
export const network: readonly KnownText[] = [
  {
    id: 'name-resolution',
    breadth: 'plain',
    patterns: [
      /: no such host\b/,
      /^(?!.*sudo: unable to resolve host ).*(Temporary failure in name resolution|Name or service not known)/,
      /Could not resolve host: /,
      /server misbehaving$/,
    ],
    meaning: 'This machine cannot resolve a name',
    cause: 'DNS does not work here, or the name is wrong.',
    remedy:
      '`getent hosts NAME`, `resolvectl status` or /etc/resolv.conf; a name of the cluster (controlPlaneEndpoint): /etc/hosts.',
    source: 'golang/go: src/net/net.go; getaddrinfo(3)',
    examples: [
      'Unable to connect to the server: dial tcp: lookup k8s-api.example.com on 127.0.0.53:53: no such host',
      'curl: (6) Could not resolve host: pkgs.k8s.io',
      'getent: Temporary failure in name resolution',
    ],
  },
  {
    id: 'tls-handshake-timeout',
    breadth: 'plain',
    patterns: [/TLS handshake timeout/],
    meaning: 'The other side accepted the connection but did not answer in time',
    cause: 'The API server is overloaded or starting, or a proxy or wrong MTU is in between.',
    remedy:
      '`kubectl get --raw /readyz?verbose` again in a minute; look at the load of the control plane, HTTPS_PROXY and NO_PROXY, and the MTU.',
    source: 'golang/go: src/net/http/transport.go',
    examples: ['Unable to connect to the server: net/http: TLS handshake timeout'],
  },
  {
    id: 'http-to-https',
    patterns: [/server gave HTTP response to HTTPS client/, /Client sent an HTTP request to an HTTPS server/],
    meaning: 'One side speaks HTTP, the other HTTPS',
    cause: 'A wrong scheme or port, or a registry without TLS.',
    remedy:
      'Correct http:// or https:// and the port; a registry without TLS: /etc/containerd/certs.d/HOST/hosts.toml.',
    source: 'golang/go: src/net/http/transport.go',
    examples: ['http: server gave HTTP response to HTTPS client', 'Client sent an HTTP request to an HTTPS server.'],
  },
  {
    id: 'connect-timeout',
    breadth: 'plain',
    patterns: [
      /dial tcp \S+: (connect: )?(i\/o timeout|connection timed out|no route to host|network is unreachable)/,
      /curl: \(28\)/,
      /net\/http: request canceled .*Client\.Timeout/,
    ],
    meaning: 'A connection could not be made in time',
    cause: 'A firewall, no route, or a machine that is down.',
    remedy: '`curl -v URL` or `nc -vz HOST PORT` from the same node; open the firewall, check routes and the proxy.',
    source: 'golang/go: src/net/net.go',
    examples: [
      'Unable to connect to the server: dial tcp 10.0.0.10:6443: i/o timeout',
      'curl: (28) Failed to connect to 10.0.0.10 port 6443 after 130000 ms: Connection timed out',
    ],
  },
  {
    id: 'connection-refused',
    breadth: 'last',
    patterns: [/connection refused/i, /curl: \(7\)/],
    meaning: 'Nothing listens on the port that was asked',
    cause: 'The service is down or starting, or the address is another one.',
    remedy: '`ss -ltnp` on the other machine; start the service, correct the address.',
    source: ERRNO,
    examples: [
      'curl: (7) Failed to connect to 10.0.0.30 port 8080 after 1 ms: Connection refused',
      'dial tcp 10.0.0.30:9100: connect: connection refused',
    ],
  },
  {
    id: 'deadline-exceeded',
    breadth: 'last',
    patterns: [/context deadline exceeded/, /timed out waiting for the condition/],
    meaning: 'Something did not answer or happen in time',
    cause: 'The text before it names what: an API server, etcd, a pod or the network.',
    remedy:
      '`runbook logs NODE STEP` shows what it waited for; `kubectl get --raw /readyz?verbose` and `etcdctl endpoint health --cluster`; then `runbook resume`.',
    source: 'golang/go: src/context/context.go',
    examples: ['Error: context deadline exceeded', 'Error from server (Timeout): context deadline exceeded'],
  },
  {
    id: 'curl-tls',
    breadth: 'broad',
    patterns: [/curl: \((35|51|58|60|77)\)/, /SSL certificate problem: /],
    meaning: 'The certificate of a server is not trusted, or the TLS handshake failed',
    cause: "A proxy opens TLS, ca-certificates is missing or old, or this machine's clock is wrong.",
    remedy:
      'Put the CA into the trust store (`update-ca-certificates`, `update-ca-trust`); check `timedatectl` and HTTPS_PROXY.',
    source: 'https://curl.se/libcurl/c/libcurl-errors.html',
    examples: ['curl: (60) SSL certificate problem: unable to get local issuer certificate'],
  },
  {
    id: 'curl-http',
    breadth: 'broad',
    patterns: [/curl: \((22|56)\) .*\b[45]\d\d\b/, /Proxy CONNECT aborted/],
    meaning: 'A server or proxy answered a download with an error',
    cause: '404: the URL is wrong or gone. 401, 403, 407: credentials or the proxy. 5xx: the server.',
    remedy: '`curl -v URL` on the node; correct the URL, or let the proxy pass the host (HTTPS_PROXY, NO_PROXY).',
    source: 'https://curl.se/libcurl/c/libcurl-errors.html',
    examples: [
      'curl: (22) The requested URL returned error: 404',
      'curl: (56) Received HTTP code 403 from proxy after CONNECT',
    ],
  },
];
