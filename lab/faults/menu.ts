/** The six breaks to begin with, each about another lesson. Order: as a course would take them. */
export const MENU = [
  {
    fault: 'unknown-ca',
    target: 'apiserver-etcd-client',
    says: 'etcd meets an API server that a stranger has signed',
  },
  { fault: 'expired', target: 'scheduler', says: 'the scheduler comes with a certificate of yesterday' },
  { fault: 'wrong-name', target: 'apiserver', says: 'the API server is not who kubectl dialled' },
  { fault: 'expired', target: 'kubelet@worker-1', says: 'one node serves a certificate that has ended' },
  { fault: 'same-name-ca', target: 'admin', says: 'two CAs of one name: kubectl has the wrong one' },
  { fault: 'wrong-usage', target: 'kube-proxy', says: "a server's certificate where a client's is wanted" },
] as const;
