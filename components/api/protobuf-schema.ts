/**
 * Field numbers of the objects that real clients send as protobuf: kubectl from 1.32 on, for its typed commands.
 *
 * One line per message: `number name type`. `T[]` repeats, `map T` has string keys. A `?` keeps zero and false, for
 * fields that are pointers in Go; the others are written always and mean nothing when they are zero.
 *
 * @see kubernetes/api <group>/<version>/generated.proto, apimachinery pkg/apis/meta/v1/generated.proto (v1.33)
 */

/** Messages by name. */
export const MESSAGES: Readonly<Record<string, string>> = {
  // apimachinery
  ObjectMeta:
    '1 name string, 2 generateName string, 3 namespace string, 5 uid string, 6 resourceVersion string, 7 generation int, 8 creationTimestamp Time, 9 deletionTimestamp Time, 10 deletionGracePeriodSeconds int?, 11 labels map string, 12 annotations map string, 13 ownerReferences OwnerReference[], 14 finalizers string[]',
  OwnerReference:
    '1 kind string, 3 name string, 4 uid string, 5 apiVersion string, 6 controller bool?, 7 blockOwnerDeletion bool?',
  LabelSelector: '1 matchLabels map string, 2 matchExpressions LabelSelectorRequirement[]',
  LabelSelectorRequirement: '1 key string, 2 operator string, 3 values string[]',
  DeleteOptions:
    '1 gracePeriodSeconds int?, 2 preconditions Preconditions, 3 orphanDependents bool?, 4 propagationPolicy string, 5 dryRun string[]',
  Preconditions: '1 uid string, 2 resourceVersion string',

  // core/v1
  Namespace: '1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus',
  NamespaceSpec: '1 finalizers string[]',
  NamespaceStatus: '1 phase string',
  ConfigMap: '1 metadata ObjectMeta, 2 data map string, 3 binaryData map bytes, 4 immutable bool?',
  Secret:
    '1 metadata ObjectMeta, 2 data map bytes, 3 type string, 4 stringData map string, 5 immutable bool?',
  ServiceAccount:
    '1 metadata ObjectMeta, 2 secrets ObjectReference[], 3 imagePullSecrets LocalObjectReference[], 4 automountServiceAccountToken bool?',
  ObjectReference:
    '1 kind string, 2 namespace string, 3 name string, 4 uid string, 5 apiVersion string, 6 resourceVersion string, 7 fieldPath string',
  LocalObjectReference: '1 name string',
  Binding: '1 metadata ObjectMeta, 2 target ObjectReference',
  Service: '1 metadata ObjectMeta, 2 spec ServiceSpec',
  ServiceSpec:
    '1 ports ServicePort[], 2 selector map string, 3 clusterIP string, 4 type string, 5 externalIPs string[], 7 sessionAffinity string, 8 loadBalancerIP string, 9 loadBalancerSourceRanges string[], 10 externalName string, 11 externalTrafficPolicy string, 12 healthCheckNodePort int, 13 publishNotReadyAddresses bool, 17 ipFamilyPolicy string, 18 clusterIPs string[], 19 ipFamilies string[], 20 allocateLoadBalancerNodePorts bool?, 21 loadBalancerClass string, 22 internalTrafficPolicy string',
  ServicePort:
    '1 name string, 2 protocol string, 3 port int, 4 targetPort IntOrString, 5 nodePort int, 6 appProtocol string',
  PodTemplateSpec: '1 metadata ObjectMeta, 2 spec PodSpec',
  Pod: '1 metadata ObjectMeta, 2 spec PodSpec',
  PodSpec:
    '2 containers Container[], 3 restartPolicy string, 4 terminationGracePeriodSeconds int?, 5 activeDeadlineSeconds int?, 6 dnsPolicy string, 7 nodeSelector map string, 8 serviceAccountName string, 9 serviceAccount string, 10 nodeName string, 11 hostNetwork bool, 12 hostPID bool, 13 hostIPC bool, 15 imagePullSecrets LocalObjectReference[], 16 hostname string, 17 subdomain string, 19 schedulerName string, 20 initContainers Container[], 21 automountServiceAccountToken bool?, 22 tolerations Toleration[], 24 priorityClassName string, 25 priority int?',
  Container:
    '1 name string, 2 image string, 3 command string[], 4 args string[], 5 workingDir string, 6 ports ContainerPort[], 7 env EnvVar[], 8 resources ResourceRequirements, 13 terminationMessagePath string, 14 imagePullPolicy string, 16 stdin bool, 17 stdinOnce bool, 18 tty bool, 20 terminationMessagePolicy string',
  ContainerPort: '1 name string, 2 hostPort int, 3 containerPort int, 4 protocol string, 5 hostIP string',
  EnvVar: '1 name string, 2 value string',
  ResourceRequirements: '1 limits map Quantity, 2 requests map Quantity',
  Toleration: '1 key string, 2 operator string, 3 value string, 4 effect string, 5 tolerationSeconds int?',
  ResourceQuota: '1 metadata ObjectMeta, 2 spec ResourceQuotaSpec',
  ResourceQuotaSpec: '1 hard map Quantity, 2 scopes string[]',

  // apps/v1, batch/v1
  Deployment: '1 metadata ObjectMeta, 2 spec DeploymentSpec',
  DeploymentSpec:
    '1 replicas int?, 2 selector LabelSelector, 3 template PodTemplateSpec, 4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit int?, 7 paused bool, 9 progressDeadlineSeconds int?',
  DeploymentStrategy: '1 type string, 2 rollingUpdate RollingUpdate',
  RollingUpdate: '1 maxUnavailable IntOrString, 2 maxSurge IntOrString',
  Job: '1 metadata ObjectMeta, 2 spec JobSpec',
  JobSpec:
    '1 parallelism int?, 2 completions int?, 3 activeDeadlineSeconds int?, 4 selector LabelSelector, 5 manualSelector bool?, 6 template PodTemplateSpec, 7 backoffLimit int?, 8 ttlSecondsAfterFinished int?, 9 completionMode string, 10 suspend bool?',
  CronJob: '1 metadata ObjectMeta, 2 spec CronJobSpec',
  CronJobSpec:
    '1 schedule string, 2 startingDeadlineSeconds int?, 3 concurrencyPolicy string, 4 suspend bool?, 5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit int?, 7 failedJobsHistoryLimit int?, 8 timeZone string',
  JobTemplateSpec: '1 metadata ObjectMeta, 2 spec JobSpec',

  // policy/v1, autoscaling/v1, scheduling.k8s.io/v1, networking.k8s.io/v1
  Eviction: '1 metadata ObjectMeta, 2 deleteOptions DeleteOptions',
  PodDisruptionBudget: '1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec',
  PodDisruptionBudgetSpec:
    '1 minAvailable IntOrString, 2 selector LabelSelector, 3 maxUnavailable IntOrString, 4 unhealthyPodEvictionPolicy string',
  Scale: '1 metadata ObjectMeta, 2 spec ScaleSpec',
  ScaleSpec: '1 replicas int?',
  PriorityClass:
    '1 metadata ObjectMeta, 2 value int?, 3 globalDefault bool, 4 description string, 5 preemptionPolicy string',
  Ingress: '1 metadata ObjectMeta, 2 spec IngressSpec',
  IngressSpec:
    '1 defaultBackend IngressBackend, 2 tls IngressTLS[], 3 rules IngressRule[], 4 ingressClassName string',
  IngressTLS: '1 hosts string[], 2 secretName string',
  IngressRule: '1 host string, 2 ... IngressRuleValue',
  IngressRuleValue: '1 http HTTPIngressRuleValue',
  HTTPIngressRuleValue: '1 paths HTTPIngressPath[]',
  HTTPIngressPath: '1 path string, 2 backend IngressBackend, 3 pathType string',
  IngressBackend: '4 service IngressServiceBackend',
  IngressServiceBackend: '1 name string, 2 port ServiceBackendPort',
  ServiceBackendPort: '1 name string, 2 number int',

  // rbac.authorization.k8s.io/v1
  Role: '1 metadata ObjectMeta, 2 rules PolicyRule[]',
  ClusterRole: '1 metadata ObjectMeta, 2 rules PolicyRule[], 3 aggregationRule AggregationRule',
  AggregationRule: '1 clusterRoleSelectors LabelSelector[]',
  PolicyRule:
    '1 verbs string[], 2 apiGroups string[], 3 resources string[], 4 resourceNames string[], 5 nonResourceURLs string[]',
  RoleBinding: '1 metadata ObjectMeta, 2 subjects Subject[], 3 roleRef RoleRef',
  ClusterRoleBinding: '1 metadata ObjectMeta, 2 subjects Subject[], 3 roleRef RoleRef',
  Subject: '1 kind string, 2 apiGroup string, 3 name string, 4 namespace string',
  RoleRef: '1 apiGroup string, 2 kind string, 3 name string',

  // certificates.k8s.io/v1
  CertificateSigningRequest:
    '1 metadata ObjectMeta, 2 spec CertificateSigningRequestSpec, 3 status CertificateSigningRequestStatus',
  CertificateSigningRequestSpec:
    '1 request bytes, 2 username string, 3 uid string, 4 groups string[], 5 usages string[], 6 extra map ExtraValue, 7 signerName string, 8 expirationSeconds int?',
  CertificateSigningRequestStatus: '1 conditions CertificateSigningRequestCondition[], 2 certificate bytes',
  CertificateSigningRequestCondition:
    '1 type string, 2 reason string, 3 message string, 4 lastUpdateTime Time, 5 lastTransitionTime Time, 6 status string',

  // authentication.k8s.io/v1, authorization.k8s.io/v1
  SelfSubjectReview: '1 metadata ObjectMeta',
  TokenReview: '1 metadata ObjectMeta, 2 spec TokenReviewSpec',
  TokenReviewSpec: '1 token string, 2 audiences string[]',
  TokenRequest: '1 metadata ObjectMeta, 2 spec TokenRequestSpec',
  TokenRequestSpec: '1 audiences string[], 3 boundObjectRef BoundObjectReference, 4 expirationSeconds int?',
  BoundObjectReference: '1 kind string, 2 apiVersion string, 3 name string, 4 uid string',
  SelfSubjectAccessReview: '1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec',
  SelfSubjectAccessReviewSpec:
    '1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes',
  SubjectAccessReview: '1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec',
  LocalSubjectAccessReview: '1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec',
  SubjectAccessReviewSpec:
    '1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, 3 user string, 4 groups string[], 5 extra map ExtraValue, 6 uid string',
  ResourceAttributes:
    '1 namespace string, 2 verb string, 3 group string, 4 version string, 5 resource string, 6 subresource string, 7 name string',
  NonResourceAttributes: '1 path string, 2 verb string',
  SelfSubjectRulesReview: '1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec',
  SelfSubjectRulesReviewSpec: '1 namespace string',
};
