/**
 * The types inside a pod: containers, probes, affinity; and what every object carries.
 *
 * Field names and types as the public API has them (kubernetes/api v1.34, a superset of v1.33); read by `schema.ts`.
 */

/** One type per line: `Type = field:type …`; `!` marks what must be there. */
export const POD_TYPES = `
Affinity = nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
AppArmorProfile = localhostProfile:string type!:string
Capabilities = add:string[] drop:string[]
ConfigMapEnvSource = name:string optional:boolean
ConfigMapKeySelector = key!:string name:string optional:boolean
Container = args:string[] command:string[] env:EnvVar[] envFrom:EnvFromSource[] image:string imagePullPolicy:string lifecycle:Lifecycle livenessProbe:Probe name!:string ports:ContainerPort[] readinessProbe:Probe resizePolicy:ContainerResizePolicy[] resources:ResourceRequirements restartPolicy:string restartPolicyRules:ContainerRestartRule[] securityContext:SecurityContext startupProbe:Probe stdin:boolean stdinOnce:boolean terminationMessagePath:string terminationMessagePolicy:string tty:boolean volumeDevices:VolumeDevice[] volumeMounts:VolumeMount[] workingDir:string
ContainerPort = containerPort!:integer hostIP:string hostPort:integer name:string protocol:string
ContainerResizePolicy = resourceName!:string restartPolicy!:string
ContainerRestartRule = action!:string exitCodes:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes = operator!:string values:integer[]
DownwardAPIVolumeFile = fieldRef:ObjectFieldSelector mode:integer path!:string resourceFieldRef:ResourceFieldSelector
EnvFromSource = configMapRef:ConfigMapEnvSource prefix:string secretRef:SecretEnvSource
EnvVar = name!:string value:string valueFrom:EnvVarSource
EnvVarSource = configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
EphemeralContainer = args:string[] command:string[] env:EnvVar[] envFrom:EnvFromSource[] image:string imagePullPolicy:string lifecycle:Lifecycle livenessProbe:Probe name!:string ports:ContainerPort[] readinessProbe:Probe resizePolicy:ContainerResizePolicy[] resources:ResourceRequirements restartPolicy:string restartPolicyRules:ContainerRestartRule[] securityContext:SecurityContext startupProbe:Probe stdin:boolean stdinOnce:boolean targetContainerName:string terminationMessagePath:string terminationMessagePolicy:string tty:boolean volumeDevices:VolumeDevice[] volumeMounts:VolumeMount[] workingDir:string
ExecAction = command:string[]
FileKeySelector = key!:string optional:boolean path!:string volumeName!:string
GRPCAction = port!:integer service:string
HTTPGetAction = host:string httpHeaders:HTTPHeader[] path:string port!:IntOrString scheme:string
HTTPHeader = name!:string value!:string
HostAlias = hostnames:string[] ip!:string
LabelSelector = matchExpressions:LabelSelectorRequirement[] matchLabels:map<string>
LabelSelectorRequirement = key!:string operator!:string values:string[]
Lifecycle = postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:string
LifecycleHandler = exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
LocalObjectReference = name:string
ManagedFieldsEntry = apiVersion:string fieldsType:string fieldsV1:any manager:string operation:string subresource:string time:Time
NodeAffinity = preferredDuringSchedulingIgnoredDuringExecution:PreferredSchedulingTerm[] requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
NodeSelector = nodeSelectorTerms!:NodeSelectorTerm[]
NodeSelectorRequirement = key!:string operator!:string values:string[]
NodeSelectorTerm = matchExpressions:NodeSelectorRequirement[] matchFields:NodeSelectorRequirement[]
ObjectFieldSelector = apiVersion:string fieldPath!:string
ObjectMeta = annotations:map<string> creationTimestamp:Time deletionGracePeriodSeconds:integer deletionTimestamp:Time finalizers:string[] generateName:string generation:integer labels:map<string> managedFields:ManagedFieldsEntry[] name:string namespace:string ownerReferences:OwnerReference[] resourceVersion:string selfLink:string uid:string
OwnerReference = apiVersion!:string blockOwnerDeletion:boolean controller:boolean kind!:string name!:string uid!:string
PodAffinity = preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[] requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[]
PodAffinityTerm = labelSelector:LabelSelector matchLabelKeys:string[] mismatchLabelKeys:string[] namespaceSelector:LabelSelector namespaces:string[] topologyKey!:string
PodAntiAffinity = preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[] requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[]
PodDNSConfig = nameservers:string[] options:PodDNSConfigOption[] searches:string[]
PodDNSConfigOption = name:string value:string
PodOS = name!:string
PodReadinessGate = conditionType!:string
PodResourceClaim = name!:string resourceClaimName:string resourceClaimTemplateName:string
PodSchedulingGate = name!:string
PodSecurityContext = appArmorProfile:AppArmorProfile fsGroup:integer fsGroupChangePolicy:string runAsGroup:integer runAsNonRoot:boolean runAsUser:integer seLinuxChangePolicy:string seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile supplementalGroups:integer[] supplementalGroupsPolicy:string sysctls:Sysctl[] windowsOptions:WindowsSecurityContextOptions
PodSpec = activeDeadlineSeconds:integer affinity:Affinity automountServiceAccountToken:boolean containers!:Container[] dnsConfig:PodDNSConfig dnsPolicy:string enableServiceLinks:boolean ephemeralContainers:EphemeralContainer[] hostAliases:HostAlias[] hostIPC:boolean hostNetwork:boolean hostPID:boolean hostUsers:boolean hostname:string hostnameOverride:string imagePullSecrets:LocalObjectReference[] initContainers:Container[] nodeName:string nodeSelector:map<string> os:PodOS overhead:map<string> preemptionPolicy:string priority:integer priorityClassName:string readinessGates:PodReadinessGate[] resourceClaims:PodResourceClaim[] resources:ResourceRequirements restartPolicy:string runtimeClassName:string schedulerName:string schedulingGates:PodSchedulingGate[] securityContext:PodSecurityContext serviceAccount:string serviceAccountName:string setHostnameAsFQDN:boolean shareProcessNamespace:boolean subdomain:string terminationGracePeriodSeconds:integer tolerations:Toleration[] topologySpreadConstraints:TopologySpreadConstraint[] volumes:Volume[]
PodTemplateSpec = metadata:ObjectMeta spec:PodSpec
PreferredSchedulingTerm = preference!:NodeSelectorTerm weight!:integer
Probe = exec:ExecAction failureThreshold:integer grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:integer periodSeconds:integer successThreshold:integer tcpSocket:TCPSocketAction terminationGracePeriodSeconds:integer timeoutSeconds:integer
ResourceClaim = name!:string request:string
ResourceFieldSelector = containerName:string divisor:string resource!:string
ResourceRequirements = claims:ResourceClaim[] limits:map<string> requests:map<string>
SELinuxOptions = level:string role:string type:string user:string
SeccompProfile = localhostProfile:string type!:string
SecretEnvSource = name:string optional:boolean
SecretKeySelector = key!:string name:string optional:boolean
SecurityContext = allowPrivilegeEscalation:boolean appArmorProfile:AppArmorProfile capabilities:Capabilities privileged:boolean procMount:string readOnlyRootFilesystem:boolean runAsGroup:integer runAsNonRoot:boolean runAsUser:integer seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions
SleepAction = seconds!:integer
Sysctl = name!:string value!:string
TCPSocketAction = host:string port!:IntOrString
Toleration = effect:string key:string operator:string tolerationSeconds:integer value:string
TopologySpreadConstraint = labelSelector:LabelSelector matchLabelKeys:string[] maxSkew!:integer minDomains:integer nodeAffinityPolicy:string nodeTaintsPolicy:string topologyKey!:string whenUnsatisfiable!:string
TypedLocalObjectReference = apiGroup:string kind!:string name!:string
TypedObjectReference = apiGroup:string kind!:string name!:string namespace:string
VolumeDevice = devicePath!:string name!:string
VolumeMount = mountPath!:string mountPropagation:string name!:string readOnly:boolean recursiveReadOnly:string subPath:string subPathExpr:string
VolumeResourceRequirements = limits:map<string> requests:map<string>
WeightedPodAffinityTerm = podAffinityTerm!:PodAffinityTerm weight!:integer
WindowsSecurityContextOptions = gmsaCredentialSpec:string gmsaCredentialSpecName:string hostProcess:boolean runAsUserName:string
`;
